use proptest::prelude::*;

use super::*;

/// What a master says, as Python writes it.
fn from_master(kind: &str, data: Value) -> Vec<u8> {
    let parts = vec![kind.into(), data, "worker_1".into()];
    bytes_of(&Value::Array(parts))
}

fn bytes_of(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).unwrap();
    bytes
}

fn decoded(bytes: &[u8]) -> Value {
    rmpv::decode::read_value(&mut &bytes[..]).unwrap()
}

fn spawn_data(timestamp: Value, classes: Value, options: Value) -> Value {
    map([
        ("timestamp", timestamp),
        ("user_classes_count", classes),
        ("host", "http://127.0.0.1:1".into()),
        ("stop_timeout", 2.5.into()),
        ("parsed_options", options),
    ])
}

proptest! {
    #[test]
    fn an_order_to_spawn_is_read_as_it_was_written(
        at_s in 0.0_f64..1e10,
        users in prop::collection::vec(("[A-Za-z]{1,20}", any::<u64>()), 0..5),
        options in prop::collection::btree_map("[a-z_]{1,20}", ".{0,40}", 0..20),
    ) {
        let classes = users.iter().map(|(name, count)| (name.as_str().into(), (*count).into()));
        let named: Vec<(String, Value)> = options.iter()
            .map(|(name, text)| (name.clone(), text.as_str().into()))
            .collect();
        let pairs = named.iter().map(|(name, value)| (name.as_str().into(), value.clone()));
        let data = spawn_data(
            at_s.into(),
            Value::Map(classes.collect()),
            Value::Map(pairs.collect()),
        );
        let expected = Spawn {
            at_s,
            users: Users::new(users),
            host: Some("http://127.0.0.1:1".to_owned()),
            stop_timeout: Duration::from_millis(2500),
            options: Options::new(named),
        };
        let read = FromMaster::decode(&from_master("spawn", data));
        prop_assert_eq!(read, Ok(FromMaster::Spawn(Box::new(expected))));
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused_in_one_line(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = FromMaster::decode(&bytes) {
            let line = error.to_string();
            prop_assert!(!line.contains('\n') && line.chars().count() < 400, "{}", line);
        }
    }

    #[test]
    fn a_message_cut_short_is_none(cut in 0_usize..100) {
        let data = spawn_data(1.5.into(), map([("A", 3.into())]), map([("num_users", 3.into())]));
        let bytes = from_master("spawn", data);
        let cut = cut % bytes.len();
        prop_assert!(FromMaster::decode(&bytes[..cut]).is_err());
    }

    #[test]
    fn what_a_worker_says_is_an_array_of_its_type_data_and_name(
        cpu_percent in 0.0_f64..1000.0,
        memory_bytes in any::<u64>(),
        name in "[a-z_0-9]{1,100}",
    ) {
        let beat = ToMaster::Heartbeat { state: State::Running, cpu_percent, memory_bytes };
        let value = decoded(&beat.encode(&name));
        let parts = value.as_array().unwrap();
        prop_assert_eq!(&parts[0], &Value::from("heartbeat"));
        prop_assert_eq!(field(&parts[1], "state"), Some(&Value::from("running")));
        prop_assert_eq!(field(&parts[1], "current_cpu_usage"), Some(&Value::from(cpu_percent)));
        prop_assert_eq!(field(&parts[1], "current_memory_usage"), Some(&Value::from(memory_bytes)));
        prop_assert_eq!(&parts[2], &Value::from(name));
    }
}

#[test]
fn each_message_of_a_master_has_its_meaning() {
    let index = map([("index", 3.into())]);
    for (kind, data, meaning) in [
        ("ack", index, FromMaster::Ack { index: Some(3) }),
        ("ack", Value::Nil, FromMaster::Ack { index: None }),
        (
            "spawning_complete",
            map([("user_count", 3.into())]),
            FromMaster::SpawningComplete,
        ),
        ("heartbeat", Value::Nil, FromMaster::Heartbeat),
        ("stop", Value::Nil, FromMaster::Stop),
        ("quit", Value::Nil, FromMaster::Quit),
        ("reconnect", Value::Nil, FromMaster::Reconnect),
        (
            "update_user_class",
            Value::Nil,
            FromMaster::Other("update_user_class".to_owned()),
        ),
    ] {
        assert_eq!(
            FromMaster::decode(&from_master(kind, data)),
            Ok(meaning),
            "{kind}"
        );
    }
}

#[test]
fn numbers_are_read_whether_python_had_them_whole_or_not() {
    let data = spawn_data(7.into(), map([("A", 3.into())]), map([]));
    let Ok(FromMaster::Spawn(spawn)) = FromMaster::decode(&from_master("spawn", data)) else {
        panic!("it is an order");
    };
    assert!((spawn.at_s - 7.0).abs() < 1e-9);
}

#[test]
fn what_is_no_message_is_named() {
    for (bytes, words) in [
        (
            b"HTTP/1.1 400 Bad Request\r\n".to_vec(),
            "'HTTP/1.1 400 Bad Request  ' in place of",
        ),
        (bytes_of(&"hello".into()), "\"hello\" in place of"),
        (
            bytes_of(&Value::Array(vec![1.into(), 2.into()])),
            "[1, 2] in place of",
        ),
        (from_master("spawn", Value::Nil), "without timestamp"),
        (
            from_master("spawn", map([("timestamp", 1.5.into())])),
            "without user_classes_count",
        ),
        (
            from_master(
                "spawn",
                spawn_data(1.5.into(), map([("A", (-3).into())]), map([])),
            ),
            "without user_classes_count",
        ),
        (
            from_master("spawn", spawn_data(1.5.into(), map([]), Value::Nil)),
            "without parsed_options",
        ),
        (vec![0; BYTES_MAX + 1], "over 4194304"),
        (Vec::new(), "''"),
    ] {
        let error = FromMaster::decode(&bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_worker_is_ready_whatever_the_masters_version() {
    let value = decoded(&ToMaster::ClientReady.encode("w"));
    assert_eq!(value.as_array().unwrap()[1], Value::from(-1));
}
