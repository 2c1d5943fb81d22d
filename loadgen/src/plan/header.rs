//! Header fields as people give them on the command line.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};

/// One field, its name as it was typed: case is part of what some servers are tested with. The fast
/// engine keeps it; hyper and reqwest write names in title case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Such as `Accept-Encoding`.
    pub name: String,
    /// Without surrounding white space.
    pub value: String,
}

/// User and password, for Basic authentication (RFC 7617).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials(String);

impl Header {
    /// A field whose parts are known to be good.
    #[must_use]
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            value: value.into(),
        }
    }

    /// Whether this is the field `name`, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether only its owner should read the value.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        const SECRET: [&str; 5] = [
            "authorization",
            "proxy-authorization",
            "cookie",
            "x-api-key",
            "x-auth-token",
        ];
        SECRET.iter().any(|name| self.is(name))
    }

    /// `Name: value`, with what only its owner should read replaced by `***`.
    #[must_use]
    pub fn masked(&self) -> String {
        match self.is_secret() {
            true => format!("{}: ***", self.name),
            false => format!("{}: {}", self.name, self.value),
        }
    }
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once(':')
            .ok_or("a header is written 'Name: value'")?;
        HeaderName::from_str(name).map_err(|_| format!("'{name}' is not a header name"))?;
        let value = value.trim();
        HeaderValue::from_str(value).map_err(|_| "the value has a control character")?;
        Ok(Self::new(name, value))
    }
}

impl Credentials {
    /// `user:password`, as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Those of a URL, `user:password` with `%40` for `@` and the like (RFC 3986 §3.2.1).
    ///
    /// # Errors
    ///
    /// One line that says what would be right.
    pub fn of_url(userinfo: &str) -> Result<Self, String> {
        let credentials: Self = userinfo.parse()?;
        String::from_utf8(percent_decoded(&credentials.0))
            .map(Self)
            .map_err(|_| "user and password are not UTF-8".to_owned())
    }

    /// The value of an `Authorization` field.
    #[must_use]
    pub fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(&self.0))
    }

    /// The field that has them.
    #[must_use]
    pub fn authorization(&self) -> Header {
        Header::new("Authorization", self.basic())
    }
}

/// The fields of a request beside those that it needs: `ours` unless they were given too, credentials
/// `in_url` unless Authorization was, then those that were given.
#[must_use]
pub fn fields(
    mut ours: Vec<Header>,
    in_url: Option<&Credentials>,
    given: &[Header],
) -> Vec<Header> {
    let has = |name: &str| given.iter().any(|header| header.is(name));
    ours.retain(|header| !has(&header.name));
    let in_url = in_url.filter(|_| !has("Authorization"));
    ours.extend(in_url.map(Credentials::authorization));
    ours.extend_from_slice(given);
    ours
}

/// The fields that were given, after the body's media type unless that is among them.
#[must_use]
pub fn with_media_type(media_type: Option<Header>, given: Vec<Header>) -> Vec<Header> {
    let is_given = given.iter().any(|header| header.is("Content-Type"));
    let media_type = media_type.filter(|_| !is_given);
    media_type.into_iter().chain(given).collect()
}

impl FromStr for Credentials {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains(':') {
            return Err("credentials are written USER:PASSWORD".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// `text` with each `%` and its two hexadecimal digits replaced by the byte that they stand for. A
/// `%` without them stands for itself.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind.first_chunk().filter(|_| byte == b'%');
        let (byte, behind) = match digits.and_then(hexadecimal) {
            Some(encoded) => (encoded, &behind[2..]),
            None => (byte, behind),
        };
        decoded.push(byte);
        rest = behind;
    }
    decoded
}

fn hexadecimal(digits: &[u8; 2]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    Some((value(digits[0])? << 4 | value(digits[1])?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_name_and_a_value_and_nothing_that_ends_the_line() {
        let header: Header = "X-Trace:  a:b ".parse().unwrap();
        assert_eq!(header, Header::new("X-Trace", "a:b"));
        for text in ["novalue", ": x", "a b: c", "X: a\r\nY: b"] {
            assert!(text.parse::<Header>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn secrets_are_not_repeated() {
        assert_eq!(
            Header::new("authorization", "Basic eA==").masked(),
            "authorization: ***"
        );
        assert_eq!(Header::new("Accept", "*/*").masked(), "Accept: */*");
    }

    #[test]
    fn credentials_are_encoded_as_in_rfc_7617() {
        let credentials: Credentials = "Aladdin:open sesame".parse().unwrap();
        assert_eq!(credentials.basic(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!("Aladdin".parse::<Credentials>().is_err());
    }

    #[test]
    fn credentials_in_a_url_may_be_encoded() {
        let of_url = |userinfo: &str| Credentials::of_url(userinfo).map(|found| found.0);
        assert_eq!(of_url("me:p%40ss%3a%c3%A9").unwrap(), "me:p@ss:é");
        assert_eq!(of_url("me:100%").unwrap(), "me:100%");
        assert_eq!(of_url("me:%4g%").unwrap(), "me:%4g%");
        assert!(
            of_url("me%3Asecret").is_err(),
            "what it stands for is no separator"
        );
        assert!(of_url("me:%ff").is_err());
    }
}
