//! Requests to be enrolled.

use sync_server::relay::EnrolmentRequest;

use super::world::World;
use crate::group;

/// The body of a request.
pub(super) fn enrolment(world: &mut World, bytes: &[u8]) {
    let Ok(request) = serde_json::from_slice::<EnrolmentRequest>(bytes) else {
        return;
    };
    let Some(enrolment) = request.enrolment() else {
        return;
    };
    let now = world.network.now();
    let relay = &mut world.network.relay;
    let code = relay.issue_code(group::staff("李娜"), now.plus_hours(1));
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphabetic);
        letters.collect::<String>().to_ascii_uppercase()
    };
    let is_right = letters(&request.code).starts_with(&letters(&code.expect("one of the cast")));
    let enrolled = relay.enrol(now, &enrolment);
    assert!(
        is_right || enrolled.is_err(),
        "{:?} enrolled a device",
        request.code
    );
    world.put_back();
}

pub(super) fn seeds(_: &World) -> Vec<Vec<u8>> {
    let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    ["BCDF-GHJK", "", "bcdf ghjk"]
        .iter()
        .map(|code| {
            let request = serde_json::json!({"code": code, "public_key": key,
                                             "device_name": "前台平板"});
            request.to_string().into_bytes()
        })
        .collect()
}
