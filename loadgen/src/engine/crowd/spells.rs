//! Which arrivals of an open loop are a worker's whose users come and go.
//!
//! A worker looks through all arrivals of the schedule for those that fall to its users. When these
//! change, that holds for what comes due from then on. What has come due before and waits stays as
//! it was, however often they change meanwhile: that is all that is kept of it, so that here, too,
//! waiting arrivals take no memory.

use std::collections::VecDeque;

use super::users::{Share, Users};
use crate::engine::arrivals::{Cursor, Timetable};

/// Who was, is and will be here for which arrivals.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Spells {
    users: Users,
    /// The first arrival that had not come due when users changed last.
    ahead: Cursor,
    /// What is taken from where on, up to where the next one begins: the first of them holds at
    /// the next arrival that is taken, the last one from `ahead` on.
    spells: VecDeque<Spell>,
}

#[derive(Clone, Debug)]
struct Spell {
    from: Cursor,
    share: Share,
}

impl Spells {
    /// At first nobody is here.
    pub(in crate::engine) fn of_nobody(from: Cursor) -> Self {
        Self {
            users: Users::default(),
            ahead: from.clone(),
            spells: VecDeque::from([Spell {
                from,
                share: Share::default(),
            }]),
        }
    }

    /// From `now_ns` on, which must not go back, these users are here. If they are others than
    /// before: the first arrival for which it holds.
    pub(in crate::engine) fn follow(
        &mut self,
        users: Users,
        now_ns: u64,
        timetable: &Timetable,
    ) -> Option<Cursor> {
        if self.users == users {
            return None;
        }
        self.users = users;
        timetable.pass_due(&mut self.ahead, now_ns);
        self.spells.push_back(Spell {
            from: self.ahead.clone(),
            share: users.share(),
        });
        Some(self.ahead.clone())
    }

    /// Goes on to the first arrival from `at` on that falls to whoever is here then; `None` if
    /// nobody is.
    pub(in crate::engine) fn seek(&self, at: &mut Cursor, timetable: &Timetable) -> Option<()> {
        loop {
            let holds = |spell: &Spell| spell.from.index <= at.index;
            let spell = self.spells.iter().rposition(holds)?;
            let until = self.spells.get(spell + 1).map(|next| &next.from);
            let is_within = |index| until.is_none_or(|until| index < until.index);
            match self.spells[spell].share.first_from(at.index) {
                Some(index) if is_within(index) => {
                    timetable.pass(at, index - at.index);
                    return Some(());
                }
                _ => *at = until?.clone(),
            }
        }
    }

    /// Nobody looks back behind `at`.
    pub(in crate::engine) fn forget_before(&mut self, at: &Cursor) {
        while let Some(second) = self.spells.get(1)
            && second.from.index <= at.index
        {
            self.spells.pop_front();
        }
    }
}
