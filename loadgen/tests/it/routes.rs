//! Where connections come from, and where they lead in place of the URL's host.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::json;

use crate::behaviour::Behaviour::Good;
use crate::check::EVERY_MANNER;
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::loadgen::run;
use crate::record::Counts;
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::way::Way;

#[test]
fn connections_come_from_each_local_address_in_turn() {
    // A client of reqwest's has one local address.
    let ways = Way::in_the_clear().into_iter();
    for way in ways.filter(|way| !way.is_of_reqwest()) {
        let server = FaultServer::start(Script::always(Good));
        let sources = ["-B", "127.0.0.2-127.0.0.3", "--source-addr", "127.0.0.9"];
        let ended = way.run(&[&sources[..], &["-n", "6", &server.url()]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let addresses = json!(["127.0.0.2", "127.0.0.3", "127.0.0.9"]);
        assert_eq!(ended.record()["plan"]["source_addresses"], addresses);
        let clients = server.stop().clients;
        let clients: Vec<_> = clients.iter().map(ToString::to_string).collect();
        let turn = ["127.0.0.2", "127.0.0.3", "127.0.0.9"];
        assert_eq!(clients, turn.repeat(2), "{}", way.label);
    }
}

#[test]
fn workers_share_the_local_addresses_out() {
    let server = FaultServer::start(Script::always(Good));
    let load = ["-n", "40", "-c", "4", "-k", "--threads", "2"];
    let sources = ["--source-addr", "127.0.0.2-127.0.0.5"];
    let ended = run(&[&load[..], &sources, &[&server.url()]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let log = server.stop();
    assert_eq!(log.connections_accepted, 4);
    let clients: BTreeSet<_> = log.clients.into_iter().collect();
    assert_eq!(clients.len(), 4, "{clients:?}");
}

#[test]
fn a_local_address_is_of_the_servers_family() {
    Sandbox::run(|_| {
        for (address, source) in [("127.0.0.1:0", "127.0.0.7"), ("[::1]:0", "::1")] {
            let script = Script::always(Good);
            let server = FaultServer::start_on(address.parse().unwrap(), script);
            let ended = run(&["-n", "2", "-B", "::1,127.0.0.7", &server.url()]);
            assert_eq!(ended.code, Some(0), "{ended:?}");
            let source: IpAddr = source.parse().unwrap();
            assert_eq!(server.stop().clients, [source, source]);
        }
        let words = ["--source-addr", "[::1]:80", "IPv4 and IPv6"];
        run(&["-B", "127.0.0.7", "http://[::1]/"]).assert_one_line_error(2, &words);
    });
}

#[test]
fn connections_are_led_to_the_first_place_that_can_be_reached() {
    let dead = ClosedPort::new();
    let server = FaultServer::start(Script::always(Good));
    let (first, second) = (dead.address().to_string(), server.address().to_string());
    for manner in EVERY_MANNER {
        // Nobody has to resolve the name.
        let rules = [&first, &second].map(|to| format!("nowhere.invalid:80:{to}"));
        let other = "elsewhere.invalid:80:127.0.0.1:1";
        let flags = [
            "--connect-to",
            &rules[0],
            "--connect-to",
            other,
            "--connect-to",
            &rules[1],
        ];
        let url = "http://nowhere.invalid/";
        let ended = run(&[&["-n", "12"], *manner, &flags, &[url]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let record = ended.record();
        assert_eq!(Counts::of_record(&record), Counts::new(12, &[]));
        assert_eq!(record["target"]["addresses"], json!([first, second]));
        assert_eq!(
            record["plan"]["connect_to"],
            json!([rules[0], other, rules[1]])
        );
    }
    assert_eq!(server.stop().played.len(), 12 * EVERY_MANNER.len());
}

#[test]
fn a_place_whose_name_does_not_resolve_is_passed_over() {
    Sandbox::run(|sandbox| {
        sandbox.replace("/etc/nsswitch.conf", "hosts: files\n");
        let server = FaultServer::start(Script::always(Good));
        let led = |places: &[&str]| {
            let flags = places.iter().flat_map(|place| ["--connect-to", place]);
            let args: Vec<_> = flags.chain(["-n", "3", "http://localhost/"]).collect();
            run(&args).record()
        };
        let alive = format!("::{}", server.address());
        let record = led(&["::nowhere.invalid:80", &alive]);
        assert_eq!(Counts::of_record(&record), Counts::new(3, &[]));
        let record = led(&["::nowhere.invalid:80"]);
        assert_eq!(Counts::of_record(&record), Counts::new(0, &[("dns", 3)]));
        let told = record["target"]["dns_error"].as_str().unwrap();
        assert!(told.contains("nowhere.invalid"), "{told}");
    });
}

#[test]
fn each_connection_has_the_next_address_however_workers_share_them() {
    let server = FaultServer::start(Script::always(Good));
    let load = [
        "-n",
        "3",
        "-c",
        "3",
        "--threads",
        "2",
        "--engine",
        "reqwest",
    ];
    let sources = ["-B", "127.0.0.2-127.0.0.4", &server.url()];
    let ended = run(&[&load[..], &sources].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let clients: BTreeSet<_> = server.stop().clients.into_iter().collect();
    assert_eq!(clients.len(), 3, "{clients:?}");
}
