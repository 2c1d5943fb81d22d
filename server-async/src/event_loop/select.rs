//! select(2) as a poller: two sets of bits are ours, copied and read up to the highest descriptor
//! at each wait.
//!
//! A wait costs what the highest descriptor's number costs, and a set has room for 1024 of them:
//! a limit not on how many, but on which.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use rustix::event::{
    FdSetElement, FdSetIter, Timespec, fd_set_bound, fd_set_insert, fd_set_num_elements,
    fd_set_remove, select,
};
use rustix::io::Errno;

use super::poller::{Interest, Poller, Token};

/// `FD_SETSIZE`, the size of a set in POSIX's `<sys/select.h>` as all common systems have it.
const DESCRIPTORS_END: RawFd = 1024;

pub(super) struct Select {
    input: Vec<FdSetElement>,
    output: Vec<FdSetElement>,
    /// Copies, which the kernel overwrites with its answer.
    input_ready: Vec<FdSetElement>,
    output_ready: Vec<FdSetElement>,
    /// By descriptor.
    tokens: Vec<Token>,
}

impl Poller for Select {
    const NAME: &'static str = "select";

    const DESCRIPTORS_END: Option<RawFd> = Some(DESCRIPTORS_END);

    fn new() -> io::Result<Self> {
        let elements = fd_set_num_elements(DESCRIPTORS_END as usize, DESCRIPTORS_END);
        let nobody = vec![FdSetElement::default(); elements];
        Ok(Self {
            input: nobody.clone(),
            output: nobody.clone(),
            input_ready: nobody.clone(),
            output_ready: nobody,
            tokens: vec![Token::default(); DESCRIPTORS_END as usize],
        })
    }

    fn add(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let descriptor = descriptor.as_raw_fd();
        if descriptor >= DESCRIPTORS_END {
            return Err(Errno::INVAL.into());
        }
        fd_set_insert(self.set(interest), descriptor);
        self.tokens[descriptor as usize] = token;
        Ok(())
    }

    fn modify(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.forget(descriptor);
        self.add(descriptor, token, interest)
    }

    fn remove(&mut self, descriptor: BorrowedFd<'_>) -> io::Result<()> {
        self.forget(descriptor);
        Ok(())
    }

    fn forget(&mut self, descriptor: BorrowedFd<'_>) {
        fd_set_remove(&mut self.input, descriptor.as_raw_fd());
        fd_set_remove(&mut self.output, descriptor.as_raw_fd());
    }

    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Token>) -> io::Result<()> {
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        self.input_ready.copy_from_slice(&self.input);
        self.output_ready.copy_from_slice(&self.output);
        match self.select(timeout.as_ref()) {
            // Then the sets have not been overwritten.
            Ok(0) | Err(Errno::INTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        for set in [&self.input_ready, &self.output_ready] {
            let descriptors = FdSetIter::new(set);
            ready.extend(descriptors.map(|descriptor| self.tokens[descriptor as usize]));
        }
        Ok(())
    }
}

impl Select {
    fn set(&mut self, interest: Interest) -> &mut [FdSetElement] {
        match interest {
            Interest::Input => &mut self.input,
            Interest::Output => &mut self.output,
        }
    }

    #[expect(unsafe_code, reason = "the sets name descriptors that others own")]
    fn select(&mut self, timeout: Option<&Timespec>) -> Result<i32, Errno> {
        let end = fd_set_bound(&self.input).max(fd_set_bound(&self.output));
        let (input, output) = (&mut self.input_ready, &mut self.output_ready);
        // SAFETY: the sets have room for 1024 descriptors, to which `add` keeps, and all in them
        // are open: whoever closes one calls `remove` or `forget` before, as `Poller` demands.
        unsafe { select(end, Some(input), Some(output), None, timeout) }
    }
}
