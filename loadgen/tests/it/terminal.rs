//! A terminal that a program can write to, and a test can read.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// What was written to the terminal, when everybody has closed it.
pub(crate) struct Terminal(JoinHandle<String>);

impl Terminal {
    /// A terminal of so many columns, and the end of it that a program writes to.
    pub(crate) fn open(columns: u16) -> (Self, OwnedFd) {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&ours).expect("it is ours");
        unlockpt(&ours).expect("it is ours");
        let size = Winsize {
            ws_row: 25,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let name = ptsname(&ours, Vec::new()).expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs = open(name, flags, Mode::empty()).expect("it can be opened");
        tcsetwinsize(&theirs, size).expect("it can be resized");
        (Self(thread::spawn(|| read(File::from(ours)))), theirs)
    }

    pub(crate) fn text(self) -> String {
        self.0.join().expect("the terminal was read")
    }
}

/// Until nobody has the other end open, which is an error here (EIO).
fn read(mut terminal: File) -> String {
    let mut text = Vec::new();
    let _ = terminal.read_to_end(&mut text);
    String::from_utf8(text).expect("UTF-8")
}
