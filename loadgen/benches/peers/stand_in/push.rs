//! Numbered messages of 128 bytes, a write each: what a stream costs that coalesces nothing.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

/// As long as a message of our servers, and with the same fields at the same places.
const MESSAGE_BYTES: usize = 128;

/// A thread for each client.
pub(super) fn serve(listener: &TcpListener) -> anyhow::Result<()> {
    listener.set_nonblocking(false)?;
    loop {
        let (client, _) = listener.accept()?;
        // Ends with the client.
        thread::spawn(move || push(client));
    }
}

fn push(mut client: TcpStream) -> anyhow::Result<()> {
    for number in 0_u64.. {
        client.write_all(&message(number)?)?;
    }
    Ok(())
}

/// `message 00000000000000000000 sent 01795000000000000000 …`, padded and ended with a newline.
fn message(number: u64) -> anyhow::Result<[u8; MESSAGE_BYTES]> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now_ns = u64::try_from(now.as_nanos()).context("this clock is in the far future")?;
    let mut message = [b'.'; MESSAGE_BYTES];
    message[..8].copy_from_slice(b"message ");
    write_digits(&mut message[8..28], number);
    message[28..34].copy_from_slice(b" sent ");
    write_digits(&mut message[34..54], now_ns);
    message[54] = b' ';
    message[MESSAGE_BYTES - 1] = b'\n';
    Ok(message)
}

/// Right-aligned, with leading zeros.
fn write_digits(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}
