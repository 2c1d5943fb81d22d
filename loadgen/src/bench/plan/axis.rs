//! One value of a key, or a list of them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{BoolDeserializer, F64Deserializer, I64Deserializer, StrDeserializer};
use serde::de::{
    Deserialize, Deserializer, Error, IntoDeserializer, SeqAccess, Unexpected, Visitor,
};

/// What a key of a scenario may hold: `8`, or `[1, 8, 64]` for a scenario of each. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Axis<T>(Vec<T>);

impl<T> Axis<T> {
    /// The one value that a key has unless it is written.
    pub(super) fn one(value: T) -> Self {
        Self(vec![value])
    }

    pub(super) fn values(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Axis<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AxisVisitor(PhantomData))
    }
}

struct AxisVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AxisVisitor<T> {
    type Value = Axis<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value or a list of values")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        let value: BoolDeserializer<E> = value.into_deserializer();
        T::deserialize(value).map(Axis::one)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        let value: I64Deserializer<E> = value.into_deserializer();
        T::deserialize(value).map(Axis::one)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        let number: F64Deserializer<E> = value.into_deserializer();
        let not_wanted = |_| E::invalid_type(Unexpected::Float(value), &self);
        T::deserialize(number).map(Axis::one).map_err(not_wanted)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        let value: StrDeserializer<'_, E> = value.into_deserializer();
        T::deserialize(value).map(Axis::one)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        match values.is_empty() {
            true => Err(A::Error::custom(
                "the list is empty; give at least one value",
            )),
            false => Ok(Axis(values)),
        }
    }
}
