//! Fields of a JSON document, each with its path, so that an error can name it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{COUNT_MAX, Trouble};

/// A value and where it is.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Field<'a> {
    /// The whole document.
    pub(super) fn whole(value: &'a Value) -> Self {
        let path = String::new();
        Self { path, value }
    }

    /// What is under `key`; `None` if nothing or null is.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let path = self.path_of(key);
        Some(Self { path, value })
    }

    /// The same of what has to be there.
    pub(super) fn at(&self, key: &str) -> Result<Self, Trouble> {
        self.get(key)
            .ok_or_else(|| Trouble::Missing(self.path_of(key)))
    }

    /// A number of requests or bytes under `key`.
    pub(super) fn count(&self, key: &str) -> Result<u64, Trouble> {
        self.at(key)?.as_count()
    }

    /// A measure under `key`: finite and not below zero.
    pub(super) fn number(&self, key: &str) -> Result<f64, Trouble> {
        self.at(key)?.as_number()
    }

    /// Text under `key`.
    pub(super) fn text(&self, key: &str) -> Result<&'a str, Trouble> {
        self.at(key)?.as_text()
    }

    /// As [`Self::count`], if there is one.
    pub(super) fn maybe_count(&self, key: &str) -> Result<Option<u64>, Trouble> {
        self.get(key).map(|field| field.as_count()).transpose()
    }

    /// As [`Self::number`], if there is one.
    pub(super) fn maybe_number(&self, key: &str) -> Result<Option<f64>, Trouble> {
        self.get(key).map(|field| field.as_number()).transpose()
    }

    /// As [`Self::text`], if there is one.
    pub(super) fn maybe_text(&self, key: &str) -> Result<Option<&'a str>, Trouble> {
        self.get(key).map(|field| field.as_text()).transpose()
    }

    /// Every field of this object.
    pub(super) fn fields(&self) -> Result<Vec<(&'a str, Self)>, Trouble> {
        let object = self.value.as_object();
        let object = object.ok_or_else(|| self.wrong("an object"))?;
        let field = |(key, value): (&'a String, &'a Value)| {
            let path = self.path_of(key);
            (key.as_str(), Self { path, value })
        };
        Ok(object.iter().map(field).collect())
    }

    /// Every element of this list.
    pub(super) fn elements(&self) -> Result<Vec<Self>, Trouble> {
        let list = self.value.as_array();
        let list = list.ok_or_else(|| self.wrong("a list"))?;
        let element = |(index, value): (usize, &'a Value)| {
            let path = format!("{}[{index}]", self.path);
            Self { path, value }
        };
        Ok(list.iter().enumerate().map(element).collect())
    }

    /// How often each status was answered; `count` finds it in what is under the status.
    pub(super) fn statuses(
        &self,
        count: impl Fn(&Self) -> Result<u64, Trouble>,
    ) -> Result<BTreeMap<u16, u64>, Trouble> {
        let status = |(key, field): (&str, Self)| {
            let status = key.parse().map_err(|_| field.wrong("named by a status"))?;
            Ok((status, count(&field)?))
        };
        self.fields()?.into_iter().map(status).collect()
    }

    /// A number of requests or bytes.
    pub(super) fn as_count(&self) -> Result<u64, Trouble> {
        let whole =
            |number: &f64| number.fract() == 0.0 && (0.0..=COUNT_MAX as f64).contains(number);
        let number = self.value.as_f64().filter(whole);
        let number = number.ok_or_else(|| self.wrong("a whole number of 0 to 2^53"))?;
        Ok(number as u64)
    }

    fn as_number(&self) -> Result<f64, Trouble> {
        let number = self.value.as_f64();
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| self.wrong("a number of 0 and more"))
    }

    /// Text.
    pub(super) fn as_text(&self) -> Result<&'a str, Trouble> {
        self.value.as_str().ok_or_else(|| self.wrong("text"))
    }

    /// The trouble with a value that is not what it has to be.
    pub(super) fn wrong(&self, wanted: &'static str) -> Trouble {
        let field = self.path.clone();
        Trouble::Wrong { field, wanted }
    }

    fn path_of(&self, key: &str) -> String {
        // What a stranger's file has for a key need not be short, or one line.
        let key: String = key.escape_debug().take(64).collect();
        match self.path.is_empty() {
            true => key,
            false => format!("{}.{key}", self.path),
        }
    }
}
