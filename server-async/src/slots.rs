//! Numbered places for what comes and goes.

/// A slot's number and whose turn it is in it: what was said of one tenant never reaches the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) slot: u32,
    /// Never 0.
    pub(crate) generation: u32,
}

/// Values with numbers that are small and used again.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: Vec<Slot<T>>,
    /// Numbers of empty slots; the one that was emptied last is filled next.
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    /// Apart, so that a slot that is empty is small.
    tenant: Option<Box<T>>,
}

impl<T> Slots<T> {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
        }
    }

    pub(crate) fn insert(&mut self, tenant: T) -> Key {
        let tenant = Some(Box::new(tenant));
        let Some(slot) = self.free.pop() else {
            let slot = self.slots.len() as u32;
            let generation = 1;
            self.slots.push(Slot { generation, tenant });
            return Key { slot, generation };
        };
        let place = &mut self.slots[slot as usize];
        // After four thousand million tenants of this slot the first one's number comes again.
        place.generation = place.generation.wrapping_add(1).max(1);
        place.tenant = tenant;
        Key {
            slot,
            generation: place.generation,
        }
    }

    /// `None` if that tenant is gone.
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let place = self.slots.get_mut(key.slot as usize)?;
        match place.generation == key.generation {
            true => place.tenant.as_deref_mut(),
            false => None,
        }
    }

    /// `None` if that tenant is gone.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Box<T>> {
        self.get_mut(key)?;
        self.free.push(key.slot);
        self.slots[key.slot as usize].tenant.take()
    }

    /// The key of a slot's present tenant.
    pub(crate) fn key(&self, slot: u32) -> Option<Key> {
        let place = self.slots.get(slot as usize)?;
        let generation = place.generation;
        place.tenant.is_some().then_some(Key { slot, generation })
    }

    /// The keys of all tenants.
    pub(crate) fn keys(&self) -> Vec<Key> {
        (0..self.slots.len())
            .filter_map(|slot| self.key(slot as u32))
            .collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.free.len() == self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_used_again_and_its_former_tenant_is_not_found_there() {
        let mut slots = Slots::new();
        let (a, b) = (slots.insert('a'), slots.insert('b'));
        assert_eq!(slots.remove(a), Some(Box::new('a')));
        assert_eq!(slots.remove(a), None);
        let c = slots.insert('c');
        assert_eq!(c.slot, a.slot);
        assert_eq!(slots.get_mut(a), None);
        assert_eq!(slots.get_mut(c), Some(&mut 'c'));
        assert_eq!(slots.key(c.slot), Some(c));
        assert_eq!(slots.keys(), [c, b]);
        slots.remove(b);
        slots.remove(c);
        assert!(slots.is_empty() && slots.key(c.slot).is_none());
    }
}
