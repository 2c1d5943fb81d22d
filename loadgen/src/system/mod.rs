//! What the load generator reads from the machine and its kernel, as plain
//! structs: no serialisation, no judgement, no output.
//!
//! Every read is tolerant: what a kernel does not offer, or does not let this
//! user see, is `None`. Text is parsed by pure functions apart from the file
//! reads, so the parsers are tested with literal text. Counters come as a
//! sample and a difference: `later.since(&earlier)`.

// Where the run took place: kernel, CPU, memory, TCP settings, limits.
pub mod environment;

// Which machine this is, to tell shards on one from shards on several.
pub mod machine;

// How far the clock can be trusted.
pub mod clock_quality;

// Which cores this process may use, and how load and server divide them.
pub mod affinity;

// Whether the local ports will last for the new connections of a run.
pub mod local_ports;

// How busy the calling thread is: the load generator's own saturation.
pub mod thread_cpu;

// Waking to the microsecond, together with sockets.
pub mod timer;

// The time of day where this machine is.
pub mod local_time;

// How many descriptors the load generator may open.
pub mod limits;

// How much memory the load generator itself used at most.
pub mod memory;

// What a process paid: CPU time, memory, threads, context switches.
pub mod process;

// Which processes there are, and who started whom.
pub mod process_table;

// What a process and all that it started paid together.
pub mod process_tree;

// Which process listens where.
pub mod listeners;

// How many connections wait to be accepted on a port.
pub mod accept_queue;

// How many bytes wait in the sockets of a connection.
pub mod connection_queues;

// The peaks of a server's accept queue, threads and memory during a run.
pub mod server_watch;

// What the kernel's TCP counted: retransmits, drops, resets, timeouts.
pub mod kernel_counters;

// What share of the CPU the hypervisor gave to somebody else.
pub mod cpu_time;

// How the above read: small /proc files, one process' status and CPU clock,
// and the netlink messages about sockets.
mod proc_file;
mod process_clock;
mod process_status;
mod sock_diag;
