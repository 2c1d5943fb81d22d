//! The client's side of one TLS connection: bytes in, bytes out, by rustls.

use std::io::{BufRead, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, CommonState, HandshakeKind};

use crate::outcome::Cause;

#[derive(Debug)]
pub(in crate::engine) struct Tls {
    connection: ClientConnection,
    /// Plaintext that [`Self::open`] has handed out last and will take back.
    lent_bytes: usize,
    /// Requests that were sealed last.
    sealed_bytes: usize,
    /// Whether plaintext has come.
    has_spoken: bool,
    /// Whether the server has said that none will come (`close_notify`), or can say no more.
    has_ended: bool,
    /// What was wrong with what the server sent.
    error: Option<rustls::Error>,
}

impl Tls {
    /// A connection to `server`; its handshake begins with [`Self::outgoing`].
    pub(in crate::engine) fn new(
        config: Arc<ClientConfig>,
        server: ServerName<'static>,
    ) -> Result<Self, rustls::Error> {
        let mut connection = ClientConnection::new(config, server)?;
        // Requests of any size are handed over whole.
        connection.set_buffer_limit(None);
        Ok(Self {
            connection,
            lent_bytes: 0,
            sealed_bytes: 0,
            has_spoken: false,
            has_ended: false,
            error: None,
        })
    }

    /// Takes bytes from the front of `input` and returns what they say, a record's worth at a
    /// time, until `None`: then all of them are taken.
    ///
    /// # Errors
    ///
    /// The cause, if they are not what TLS allows; [`Self::error`] has the details.
    pub(in crate::engine) fn open(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>, Cause> {
        let lent_bytes = std::mem::take(&mut self.lent_bytes);
        self.connection.reader().consume(lent_bytes);
        while self.plaintext_bytes() == 0 {
            if self.error.is_some() {
                return Err(self.cause());
            }
            if input.is_empty() || self.has_ended {
                return Ok(None);
            }
            self.take(input);
        }
        self.has_spoken = true;
        self.lent_bytes = self.plaintext_bytes();
        Ok(self.connection.reader().into_first_chunk().ok())
    }

    /// Length of the first chunk of plaintext that there is.
    fn plaintext_bytes(&mut self) -> usize {
        let chunk = self.connection.reader().into_first_chunk();
        chunk.map_or(0, <[u8]>::len)
    }

    fn take(&mut self, input: &mut &[u8]) {
        match self.connection.read_tls(input) {
            Ok(0) => *input = &[],
            Ok(_) => match self.connection.process_new_packets() {
                Ok(state) => self.has_ended |= state.peer_has_closed(),
                // What was good before it is still there to be read.
                Err(error) => self.error = Some(error),
            },
            Err(error) => self.error = Some(rustls::Error::General(error.to_string())),
        }
    }

    /// A server that takes exception to the handshake may do so after we think it done; until it
    /// has answered something, the connection was never secured.
    fn cause(&self) -> Cause {
        match self.has_spoken {
            false => Cause::TlsHandshake,
            true => Cause::MalformedResponse,
        }
    }

    /// What was wrong, in words.
    pub(in crate::engine) fn error(&self) -> Option<String> {
        self.error.as_ref().map(ToString::to_string)
    }

    /// Whether something is to be sent, beside requests.
    pub(in crate::engine) fn has_outgoing(&self) -> bool {
        self.connection.wants_write()
    }

    /// What is to be sent now, if anything is.
    pub(in crate::engine) fn outgoing(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        while self.connection.wants_write() {
            let written = self.connection.write_tls(&mut bytes);
            written.expect("memory takes every byte");
        }
        (!bytes.is_empty()).then_some(bytes)
    }

    /// `requests` as they are to be sent, behind whatever else is.
    pub(in crate::engine) fn seal(&mut self, requests: &[u8]) -> Vec<u8> {
        let written = self.connection.writer().write_all(requests);
        written.expect("without a limit every byte is taken");
        self.sealed_bytes = requests.len();
        self.outgoing().unwrap_or_default()
    }

    /// Length of the requests that were sealed last.
    pub(in crate::engine) fn sealed_bytes(&self) -> usize {
        self.sealed_bytes
    }

    /// Whether the handshake is done.
    pub(in crate::engine) fn is_secured(&self) -> bool {
        !self.connection.is_handshaking()
    }

    /// Whether the handshake resumed a session.
    pub(in crate::engine) fn is_resumed(&self) -> bool {
        self.connection.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// What was agreed upon.
    pub(in crate::engine) fn state(&self) -> &CommonState {
        &self.connection
    }

    /// Whether the server has said that no more will come.
    pub(in crate::engine) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The connection has ended. Whether it did so unannounced: then anybody between here and the
    /// server can have cut it (RFC 8446 §6.1).
    pub(in crate::engine) fn is_cut(&mut self) -> bool {
        !std::mem::replace(&mut self.has_ended, true)
    }

    /// What the server should be told before the connection is closed: what was wrong, or that
    /// nothing will come (RFC 8446 §6). One that has ended its side is told nothing: it would
    /// answer with a reset.
    pub(in crate::engine) fn farewell(mut self) -> Option<Vec<u8>> {
        if self.has_ended {
            return None;
        }
        if self.is_secured() {
            self.connection.send_close_notify();
        }
        self.outgoing()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use rustls::{ServerConfig, ServerConnection};

    use super::*;
    use crate::plan;

    fn server() -> ServerConnection {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key.into())
            .unwrap();
        ServerConnection::new(Arc::new(config)).unwrap()
    }

    fn client() -> Tls {
        let tls = plan::Tls::new("localhost", &plan::TlsOptions::default()).unwrap();
        Tls::new(tls.client_config(&[]), tls.server_name).unwrap()
    }

    /// Has the server take `bytes`; what it sends in turn.
    fn serve(server: &mut ServerConnection, mut bytes: &[u8]) -> Vec<u8> {
        while !bytes.is_empty() {
            server.read_tls(&mut bytes).unwrap();
            server.process_new_packets().unwrap();
        }
        let mut answer = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut answer).unwrap();
        }
        answer
    }

    /// What `bytes` say, arriving in pieces of `size`.
    fn open(client: &mut Tls, bytes: &[u8], size: usize) -> Result<Vec<u8>, Cause> {
        let mut said = Vec::new();
        for mut piece in bytes.chunks(size) {
            while let Some(plaintext) = client.open(&mut piece)? {
                said.extend_from_slice(plaintext);
            }
            assert!(piece.is_empty() || client.has_ended());
        }
        Ok(said)
    }

    /// A client and a server whose handshake is done.
    fn pair() -> (Tls, ServerConnection) {
        let (mut client, mut server) = (client(), server());
        while let Some(bytes) = client.outgoing() {
            let answer = serve(&mut server, &bytes);
            assert_eq!(open(&mut client, &answer, 100), Ok(Vec::new()));
        }
        assert!(client.is_secured() && !server.is_handshaking());
        (client, server)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn what_one_side_says_the_other_hears_however_it_arrives(
            length in 0_usize..100_000,
            size in 1_usize..70_000,
        ) {
            let (mut client, mut server) = pair();
            let text: Vec<u8> = (0..length).map(|index| index as u8).collect();

            let sealed = client.seal(&text);
            prop_assert_eq!(client.sealed_bytes(), length);
            let mut heard = Vec::new();
            let mut rest = sealed.as_slice();
            while !rest.is_empty() {
                serve(&mut server, rest.split_off(..rest.len().min(4096)).unwrap());
                std::io::Read::read_to_end(&mut server.reader(), &mut heard).unwrap_err();
            }
            prop_assert_eq!(&heard, &text);

            server.set_buffer_limit(None);
            server.writer().write_all(&text).unwrap();
            let answer = serve(&mut server, &[]);
            prop_assert_eq!(open(&mut client, &answer, size), Ok(text));
        }
    }

    #[test]
    fn an_end_that_was_announced_is_no_cut_and_is_not_answered() {
        let (mut client, mut server) = pair();
        server.writer().write_all(b"the last").unwrap();
        server.send_close_notify();
        let bytes = serve(&mut server, &[]);
        assert_eq!(open(&mut client, &bytes, 7), Ok(b"the last".to_vec()));
        assert!(client.has_ended() && !client.is_cut());
        assert_eq!(client.farewell(), None);
    }

    #[test]
    fn an_end_that_was_not_announced_is_a_cut() {
        let (mut client, _server) = pair();
        assert!(client.is_cut());
        assert_eq!(client.farewell(), None);
    }

    #[test]
    fn a_server_is_told_that_nothing_more_will_come() {
        let (client, mut server) = pair();
        let mut bytes = &client.farewell().unwrap()[..];
        server.read_tls(&mut bytes).unwrap();
        assert!(server.process_new_packets().unwrap().peer_has_closed());
        // Before the handshake is done there is nobody to tell.
        assert!(
            self::client()
                .farewell()
                .is_some_and(|hello| hello[0] == 22)
        );
    }

    #[test]
    fn what_is_not_tls_is_a_failed_handshake() {
        let mut client = client();
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        assert_eq!(open(&mut client, answer, 5), Err(Cause::TlsHandshake));
        assert!(client.error().is_some());
    }

    #[test]
    fn records_that_were_tampered_with_are_no_answer() {
        let (mut client, mut server) = pair();
        server.writer().write_all(b"good").unwrap();
        let mut bytes = serve(&mut server, &[]);
        server.writer().write_all(b"bad").unwrap();
        bytes.extend(serve(&mut server, &[]));
        *bytes.last_mut().unwrap() ^= 1;

        let mut rest = bytes.as_slice();
        assert_eq!(client.open(&mut rest), Ok(Some(&b"good"[..])));
        assert_eq!(client.open(&mut rest), Err(Cause::MalformedResponse));
    }
}
