//! Whose replica this is.

use dealership::id::{DeviceNumber, GroupId, StaffId};
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::error::StoreError;
use crate::identity::Identity;

/// Reads it; `None` from a database that was never given one.
pub(crate) fn read(connection: &Connection) -> Result<Option<Identity>, StoreError> {
    let identity = connection
        .prepare_cached(
            "SELECT group_id, device, device_name, signing_key, staff, staff_name, phone_key,
                    server, server_name, certificates
             FROM identity",
        )?
        .query_row((), |row| {
            Ok(Identity {
                group: GroupId::from_bytes(row.get("group_id")?),
                device: DeviceNumber(row.get::<_, i64>("device")?.cast_unsigned()),
                device_name: row.get("device_name")?,
                signing_key: row.get("signing_key")?,
                staff: StaffId::from_bytes(row.get("staff")?),
                staff_name: row.get("staff_name")?,
                phone_key: row.get("phone_key")?,
                server: row.get("server")?,
                server_name: row.get("server_name")?,
                certificates: row.get("certificates")?,
            })
        })
        .optional()?;
    Ok(identity)
}

/// Writes it, once.
pub(crate) fn write(connection: &Connection, identity: &Identity) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO identity (only, group_id, device, device_name, signing_key, staff,
                               staff_name, phone_key, server, server_name, certificates)
         VALUES (1, :group, :device, :device_name, :signing_key, :staff, :staff_name,
                 :phone_key, :server, :server_name, :certificates)",
        named_params! {
            ":group": identity.group.as_bytes(),
            ":device": identity.device.0.cast_signed(),
            ":device_name": identity.device_name,
            ":signing_key": identity.signing_key,
            ":staff": identity.staff.as_bytes(),
            ":staff_name": identity.staff_name,
            ":phone_key": identity.phone_key,
            ":server": identity.server,
            ":server_name": identity.server_name,
            ":certificates": identity.certificates,
        },
    )?;
    Ok(())
}
