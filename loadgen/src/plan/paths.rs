//! What is asked of the server: one path, or many by turns.

use super::url::Url;

/// Most paths: each has counts and a histogram in every worker.
const PATHS_MAX: usize = 1000;

/// Paths with their queries, as request lines have them; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    list: Vec<String>,
    /// Which comes next.
    pub order: Order,
}

/// Which of several paths comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One after another, and again.
    RoundRobin,
    /// Any, each as likely as the others.
    Random {
        /// The same seed gives the same order.
        seed: u64,
    },
}

impl Paths {
    /// Only this one.
    #[must_use]
    pub fn one(path: &str) -> Self {
        Self {
            list: vec![path.to_owned()],
            order: Order::RoundRobin,
        }
    }

    /// Those of a file: a line each, a path or a whole URL of the server `origin`. Empty lines and
    /// lines that begin with `#` are passed over.
    ///
    /// # Errors
    ///
    /// The number of the line that is wrong, and why; line 0 stands for the whole file.
    pub fn parse(text: &str, origin: &Url, order: Order) -> Result<Self, (usize, String)> {
        let lines = text.lines().map(str::trim).enumerate();
        let list = lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(index, line)| path_of(line, origin).map_err(|reason| (index + 1, reason)))
            .collect::<Result<Vec<_>, _>>()?;
        match list.len() {
            0 => Err((0, "it has no URL".to_owned())),
            1..=PATHS_MAX => Ok(Self { list, order }),
            count => Err((
                0,
                format!("it has {count} URLs, and {PATHS_MAX} is the most"),
            )),
        }
    }

    /// In the order in which they were given.
    #[must_use]
    pub fn list(&self) -> &[String] {
        &self.list
    }

    /// Whether there is more than one.
    #[must_use]
    pub fn are_many(&self) -> bool {
        self.list.len() > 1
    }
}

fn path_of(line: &str, origin: &Url) -> Result<String, String> {
    let url = match line.starts_with('/') {
        true => format!("{}{line}", origin.origin()),
        false => line.to_owned(),
    };
    let url = Url::parse(&url).map_err(|error| error.to_string())?;
    if url.origin() != origin.origin() {
        return Err(format!(
            "{} is another server than {}; one run loads one server",
            url.origin(),
            origin.origin()
        ));
    }
    Ok(url.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Paths, (usize, String)> {
        let origin = Url::parse("http://127.0.0.1:8080/").unwrap();
        Paths::parse(text, &origin, Order::RoundRobin)
    }

    #[test]
    fn a_line_is_a_path_or_a_url_of_the_same_server() {
        let paths = parse("# mine\n/a?x=1\n\n  http://127.0.0.1:8080/b \n").unwrap();
        assert_eq!(paths.list(), ["/a?x=1", "/b"]);
        assert!(paths.are_many());
    }

    #[test]
    fn a_line_that_cannot_be_asked_for_is_named_by_its_number() {
        let (line, reason) = parse("/a\nhttp://127.0.0.1:8081/b\n").unwrap_err();
        assert_eq!(line, 2);
        assert!(reason.contains("http://127.0.0.1:8081"), "{reason}");
        assert_eq!(parse("/a\n/b\nftp://x/\n").unwrap_err().0, 3);
        assert_eq!(parse("# nothing\n").unwrap_err().0, 0);
        assert_eq!(parse(&"/a\n".repeat(1001)).unwrap_err().0, 0);
    }
}
