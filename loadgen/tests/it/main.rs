//! Black-box tests of the `loadgen` binary: one integration binary, so that it
//! links once.

// A server that misbehaves on purpose and logs the truth.
mod behaviour; // what it may do with one request, as bytes and an ending
mod certificate; // of servers that encrypt, good and bad
mod channel; // one of its connections, in the clear or encrypted
mod closed_port; // a server that is not there
mod fault_server; // the sockets: plays a script, keeps the log
mod fault_server_tests; // the yardstick itself, measured over raw sockets
mod needs; // what a machine may lack
mod request; // as much of a request as an answer depends on
mod sandbox; // a network and a file system that one test has to itself
mod script; // which behaviour meets which request

// Servers that behave.
mod canned_server; // the same bytes for every request, as fast as can be
mod fake_servers; // programs in the place of those of this project
mod http2_server; // of HTTP/2, by a script
mod locust_master; // says what a test has it say, and tells what workers said
mod proxy_server; // leads to one server, or does not
mod push_server; // of messages, as fast as they are taken, or not
mod secure_server; // speaks TLS, and tells what its clients said
mod server; // those of this project, in the test's own process
mod websocket_server; // passes messages on, or back

// The client under test.
mod check; // runs it against a script, and holds its record against the log
mod files; // for one test
mod loadgen; // starts the binary, guards against a hang, collects what it said
mod record; // what a record must say of itself, and how it agrees with the log
mod rounds; // made-up rounds of a benchmark
mod schema; // what results must look like, as the repository keeps it
mod terminal; // in the place of a person's
mod way; // who asks, and whether encrypted

// What it is held against.
mod ab; // the real one, if it is installed

// What is tested.
mod against_ab; // the faults that ab miscounts, in JSON and in ab's own lines
mod away; // the fault table's rows of servers that are not there
mod background; // connections beside the load, and servers that do not bear them
mod bad_input; // what a person can type wrong
mod bench_command; // benchmarks: of the servers, and of what is none
mod bench_loads; // what is asked of servers, what they must keep, and the machine's noise
mod bench_plans; // from files, for many servers, and what is left of them
mod bench_push_command; // every client against every server that pushes
mod bench_servers; // of anybody: commands, URLs, and what is none
mod beside_ab; // ab's text, line for line, of ab and of loadgen
mod beside_ab_files; // what ab writes beside its text, or in its place
mod called_as_ab; // the program under ab's name: flags, exit codes
mod clock; // the clock on the wall, set in the middle of a run
mod compare_command; // verdicts, exit codes, and files that are no results
mod conservation; // random sequences of faults: every request counted once
mod costs; // what a server paid, as its record says it
mod crowd; // connections that come and go, and counts handed over meanwhile
mod engines; // those beside fast: the same records, and what they refuse
mod export_command; // results in the formats of other tools
mod faults; // the fault table: one row, one test
mod find_max; // the search for the highest rate that keeps an objective
mod findings; // whose figures are those of the run that they name
mod gates; // limits set beforehand, and the exit codes that scripts see
mod history_command; // a metric over benchmarks, and its changes
mod http2; // streams, and what ends them
mod import; // what other tools wrote, and what it is worth beside others
mod live_view; // how a run is going, on a terminal and in a log
mod memory; // which does not grow with the number of requests
mod merge_command; // the shards of a run put together, and what does not belong together
mod open_loop; // requests that start by a schedule
mod our_side; // signals, full disks, closed pipes, too few descriptors
mod pipelines; // several requests on a connection before the first is answered
mod proxy; // by way of another server
mod push; // clients of a server that pushes
mod report_command; // a page of results: where it goes, and when there is none
mod routes; // where connections come from and lead to
mod samples; // every request as a row: --samples, -g
mod secrets; // what must not be repeated
mod secured; // what can go wrong before a request is encrypted
mod secured_engines; // TLS with the other engines
mod shards; // several processes that make one load
mod shell; // completions, manual pages, variables in the place of flags
mod sockets; // their buffers
mod tls; // handshakes, sessions, certificates, names
mod unix_socket; // a server behind a socket in the file system
mod urls; // several URLs from a file
mod validity; // every reason to doubt a run, brought about
mod websocket; // round trips, of both clients, against a relay and an echo
mod websocket_faults; // the table of what a server may do instead of relaying
mod worker_command; // whose master starts, ramps, stops, goes and returns
