//! What each request is.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::UsageError;
use crate::plan::{
    Credentials, Header, HttpVersion, Method, Order, Paths, Scenario, Target, Url, fields,
    identification, read_file,
};

/// Flags about the request.
#[derive(Debug, Args)]
#[command(next_help_heading = "What to send")]
pub(in crate::cli) struct WhatToSend {
    /// Use connections again (keep-alive); without it each request opens its own
    #[arg(short = 'k')]
    pub(in crate::cli) keep_alive: bool,
    /// Method of the requests [default: GET, or POST with -p, PUT with -u]
    #[arg(short, long, value_name = "METHOD", conflicts_with = "head")]
    method: Option<Method>,
    /// HEAD requests
    #[arg(short = 'i', conflicts_with_all = ["post", "put"])]
    head: bool,
    /// POST this file
    #[arg(short, value_name = "FILE", conflicts_with = "put")]
    post: Option<PathBuf>,
    /// PUT this file
    #[arg(short = 'u', value_name = "FILE")]
    put: Option<PathBuf>,
    /// Content-Type of the file
    #[arg(short = 'T', value_name = "TYPE", default_value = "text/plain", value_parser = content_type)]
    content_type: Header,
    /// A header, as 'Name: value'; repeatable
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    headers: Vec<Header>,
    /// A cookie, as NAME=VALUE; repeatable
    #[arg(short = 'C', value_name = "COOKIE", value_parser = cookie)]
    cookies: Vec<String>,
    /// Basic authentication, as USER:PASSWORD
    #[arg(short = 'A', value_name = "USER:PASSWORD")]
    credentials: Option<Credentials>,
}

/// Flags about several URLs.
#[derive(Debug, Args)]
#[command(next_help_heading = "What to send")]
pub(super) struct Urls {
    /// Ask for the URLs of this file by turns: a line each, whole URLs of one server or paths on
    /// that of URL
    #[arg(long, value_name = "FILE")]
    urls_from: Option<PathBuf>,
    /// Whose turn it is: round-robin (one after another) or random (any, by --seed)
    #[arg(long, value_enum, value_name = "ORDER", default_value = "round-robin")]
    #[arg(hide_possible_values = true)]
    #[arg(requires = "urls_from")]
    urls_order: UrlsOrder,
}

/// Which of several URLs comes next.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum UrlsOrder {
    /// One after another
    RoundRobin,
    /// Any, by --seed
    Random,
}

impl WhatToSend {
    /// What must not be repeated of these flags: each is the end of a word of the command line.
    pub(in crate::cli) fn secrets(&self) -> impl Iterator<Item = &str> {
        let credentials = self.credentials.iter().map(Credentials::as_str);
        let headers = self.headers.iter().filter(|header| header.is_secret());
        credentials
            .chain(self.cookies.iter().map(String::as_str))
            .chain(headers.map(|header| header.value.as_str()))
    }

    /// What is sent, but for what is asked for.
    pub(super) fn scenario(
        &self,
        target: &Target,
        paths: Paths,
        as_ab: bool,
    ) -> Result<Scenario, UsageError> {
        let body = self.body()?;
        Ok(Scenario {
            method: self.method(),
            version: match as_ab {
                true => HttpVersion::Http10,
                false => HttpVersion::Http11,
            },
            keep_alive: self.keep_alive,
            headers: self.header_fields(target, as_ab, body.is_some())?,
            body,
            paths,
        })
    }

    /// The request's method.
    pub(in crate::cli) fn method(&self) -> Method {
        match (&self.method, self.head, &self.post, &self.put) {
            (Some(method), ..) => method.clone(),
            (None, true, ..) => Method::HEAD,
            (None, _, Some(_), _) => Method::POST,
            (None, _, _, Some(_)) => Method::PUT,
            _ => Method::GET,
        }
    }

    /// The request's body, if it has one.
    pub(in crate::cli) fn body(&self) -> Result<Option<Vec<u8>>, UsageError> {
        let file = self.post.as_deref().or(self.put.as_deref());
        let body = file.map(|file| read_file(file, "the path"));
        body.transpose().map_err(UsageError::line)
    }

    /// Our own fields and the URL's credentials, unless the user gave them, then the user's. -A and
    /// -H with the same field both count, as with ab.
    fn header_fields(
        &self,
        target: &Target,
        as_ab: bool,
        has_body: bool,
    ) -> Result<Vec<Header>, UsageError> {
        let mut ours = match as_ab {
            true => vec![
                Header::new("User-Agent", "ApacheBench/2.3"),
                Header::new("Accept", "*/*"),
            ],
            false => identification(),
        };
        if has_body {
            ours.push(self.content_type.clone());
        }
        let in_url = target.url.credentials().map_err(UsageError::line)?;
        Ok(fields(ours, in_url.as_ref(), &self.given_fields()))
    }

    /// The fields that flags give, -C and -A as those that they stand for.
    pub(in crate::cli) fn given_fields(&self) -> Vec<Header> {
        let cookies =
            (!self.cookies.is_empty()).then(|| Header::new("Cookie", self.cookies.join("; ")));
        let credentials = self.credentials.as_ref();
        let authorization = credentials.map(Credentials::authorization);
        let ours = cookies.into_iter().chain(authorization);
        ours.chain(self.headers.iter().cloned()).collect()
    }

    /// The body's media type.
    pub(in crate::cli) fn content_type(&self) -> &Header {
        &self.content_type
    }
}

impl Urls {
    /// The lines that say what to ask for, if they are in a file.
    pub(super) fn read_urls(&self) -> Result<Option<UrlsFile>, UsageError> {
        let read = |path: &PathBuf| {
            let bytes = read_file(path, "--urls-from").map_err(UsageError::line)?;
            let text = String::from_utf8(bytes).map_err(|_| {
                let path = path.display();
                UsageError::line(format!("{path} is no text; a URL a line is wanted"))
            })?;
            let path = path.clone();
            Ok(UrlsFile { path, text })
        };
        self.urls_from.as_ref().map(read).transpose()
    }

    /// What to ask for, by turns, `urls` being what the file says.
    pub(super) fn paths(
        &self,
        urls: &UrlsFile,
        origin: &Url,
        seed: u64,
    ) -> Result<Paths, UsageError> {
        urls.paths(origin, self.urls_order.order(seed))
    }
}

impl UrlsOrder {
    fn order(self, seed: u64) -> Order {
        match self {
            Self::RoundRobin => Order::RoundRobin,
            Self::Random => Order::Random { seed },
        }
    }
}

/// A file of URLs.
pub(super) struct UrlsFile {
    path: PathBuf,
    text: String,
}

impl UrlsFile {
    /// The first URL: it names the server if nothing else does.
    pub(super) fn first(&self) -> Option<&str> {
        let mut lines = self.text.lines().map(str::trim);
        lines.find(|line| !line.is_empty() && !line.starts_with('#'))
    }

    fn paths(&self, origin: &Url, order: Order) -> Result<Paths, UsageError> {
        Paths::parse(&self.text, origin, order).map_err(|(line, reason)| {
            let path = self.path.display();
            UsageError::line(match line {
                0 => format!("{path}: {reason}; a line each is wanted"),
                line => format!("{path}:{line}: {reason}"),
            })
        })
    }
}

fn content_type(text: &str) -> Result<Header, String> {
    format!("Content-Type: {text}").parse()
}

fn cookie(text: &str) -> Result<String, String> {
    if !text.contains('=') {
        return Err("a cookie is written NAME=VALUE".to_owned());
    }
    let header: Header = format!("Cookie: {text}").parse()?;
    Ok(header.value)
}

#[cfg(test)]
mod tests {
    use super::super::typed::plan;

    fn authorizations(words: &str) -> Vec<String> {
        let headers = plan(words).unwrap().scenario.headers.into_iter();
        let values = headers.filter(|header| header.is("authorization"));
        values.map(|header| header.value).collect()
    }

    #[test]
    fn the_credentials_of_the_url_give_way_to_a_header() {
        let url = "http://me:pw@127.0.0.1:1/";
        assert_eq!(authorizations(url), ["Basic bWU6cHc="]);
        let header = "-H authorization:token";
        assert_eq!(authorizations(&format!("{header} {url}")), ["token"]);
        assert_eq!(
            authorizations(&format!("-A a:b {header} {url}")),
            ["Basic YTpi", "token"],
            "as ab"
        );
    }
}
