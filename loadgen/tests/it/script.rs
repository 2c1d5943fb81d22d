//! Which behaviour meets which request, as a value.

use crate::behaviour::Behaviour;

/// What the server does with the first request, the second, and so on; the
/// last behaviour stands for all that follow.
#[derive(Clone, Debug)]
pub(crate) struct Script(Vec<Behaviour>);

impl Script {
    /// The same with every request.
    pub(crate) fn always(behaviour: Behaviour) -> Self {
        Self(vec![behaviour])
    }

    /// `count` good answers, then `behaviour` for ever.
    pub(crate) fn good_then(count: usize, behaviour: Behaviour) -> Self {
        let mut steps = vec![Behaviour::Good; count];
        steps.push(behaviour);
        Self(steps)
    }

    /// One behaviour for each request.
    ///
    /// # Panics
    /// On an empty sequence: a server must do something.
    pub(crate) fn sequence(behaviours: Vec<Behaviour>) -> Self {
        assert!(!behaviours.is_empty());
        Self(behaviours)
    }

    /// What is done with request `k`, counted from 0.
    pub(crate) fn at(&self, k: usize) -> Behaviour {
        self.0[k.min(self.0.len() - 1)]
    }
}
