//! Ids that are derived from what a document says, so that nobody can take another's.

use automerge::ScalarValue;

use crate::contact::Contact;
use crate::id::{CustomerId, DocumentId, GroupId};
use crate::kind::Kind;
use crate::rights::{Act, Forbidden, Subject, Write};
use crate::schema;
use crate::vehicle::Vehicle;

/// Makes sure that a document whose id is derived from one of its registers is made with that
/// register, and that whoever writes the register writes what the id is derived from.
///
/// # Errors
///
/// [`Forbidden::ForeignId`].
pub fn check<'a>(
    group: GroupId,
    subject: &Subject,
    writes: impl IntoIterator<Item = Write<'a>>,
) -> Result<(), Forbidden> {
    let kind = subject.kind;
    let Some(register) = register(kind) else {
        return Ok(());
    };
    let (mut is_new, mut is_derived) = (false, false);
    for write in writes {
        let ([key], Act::Put { value, .. }) = (write.path, &write.act) else {
            continue;
        };
        is_new |= key == schema::KIND;
        if key == register {
            if derived(group, kind, value) != Some(subject.document) {
                return Err(Forbidden::ForeignId { kind });
            }
            is_derived = true;
        }
    }
    if is_new && !is_derived {
        return Err(Forbidden::ForeignId { kind });
    }
    Ok(())
}

/// The register that the ids of a kind are derived from. Those of devices are too, which the
/// relay alone makes.
const fn register(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Vehicle => Some("vin"),
        Kind::CustomerContact => Some("customer"),
        _ => None,
    }
}

fn derived(group: GroupId, kind: Kind, value: &ScalarValue) -> Option<DocumentId> {
    let ScalarValue::Str(text) = value else {
        return None;
    };
    match kind {
        Kind::Vehicle => Some(Vehicle::id_of(group, text).into()),
        Kind::CustomerContact => {
            let customer: CustomerId = text.parse().ok()?;
            Some(Contact::document_id(customer))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Space;

    const GROUP: GroupId = GroupId::from_bytes([1; 16]);
    const VIN: &str = "ZZZAB1C27RA000101";

    fn judged(document: DocumentId, registers: &[(&str, &str)]) -> Result<(), Forbidden> {
        let subject = Subject {
            document,
            kind: Kind::Vehicle,
            space: Space::Group,
        };
        let owned: Vec<_> = registers
            .iter()
            .map(|(key, value)| (vec![(*key).to_owned()], ScalarValue::Str((*value).into())))
            .collect();
        let writes = owned.iter().map(|(path, value)| Write {
            path,
            act: Act::Put {
                value,
                replaces: false,
            },
        });
        check(GROUP, &subject, writes)
    }

    #[test]
    fn a_vehicle_bears_the_id_of_its_vin() {
        let id = Vehicle::id_of(GROUP, VIN).into();
        let other = Vehicle::id_of(GROUP, "ZZZAB1C26SA000208").into();
        let kind = (schema::KIND, "vehicle");
        assert_eq!(judged(id, &[kind, ("vin", VIN)]), Ok(()));
        assert_eq!(judged(id, &[("ext_color", "black")]), Ok(()));
        for squatted in [
            judged(other, &[kind, ("vin", VIN)]),
            judged(other, &[("vin", VIN)]),
            judged(id, &[kind]),
        ] {
            let kind = Kind::Vehicle;
            assert_eq!(squatted, Err(Forbidden::ForeignId { kind }));
        }
    }
}
