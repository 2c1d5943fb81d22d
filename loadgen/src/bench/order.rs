//! Who comes first in which round.
//!
//! A machine that warms up, or is slowed down by a neighbour, does so in time. If one server
//! always came first it would always meet the machine as it was before.

/// The order in which `servers` servers take their turns in round `round`, which counts from 0.
///
/// Odd rounds reverse the round before, and every second round begins one further on: A B, B A,
/// B A, A B for two servers. Within twice as many rounds as there are servers each has been in
/// each place equally often.
#[must_use]
pub fn of_round(round: u64, servers: usize) -> Vec<usize> {
    let shift = usize::try_from(round / 2 % servers.max(1) as u64).unwrap_or(0);
    let mut turns: Vec<usize> = (0..servers).map(|turn| (turn + shift) % servers).collect();
    if round % 2 == 1 {
        turns.reverse();
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_servers_take_turns_as_abba_baab() {
        let names: String = (0..4)
            .flat_map(|round| of_round(round, 2))
            .map(|server| ['A', 'B'][server])
            .collect();
        assert_eq!(names, "ABBABAAB");
    }

    /// Nine servers are not in each place equally often until eighteen rounds are done; but what
    /// changes evenly in time meets them all alike after any two.
    #[test]
    fn after_two_rounds_each_server_was_as_late_as_any_other() {
        for servers in 1..10 {
            for round in (0..20).step_by(2) {
                let mut places = vec![0; servers];
                for round in [round, round + 1] {
                    for (place, server) in of_round(round, servers).into_iter().enumerate() {
                        places[server] += place;
                    }
                }
                assert_eq!(places, vec![servers - 1; servers], "round {round}");
            }
        }
    }

    #[test]
    fn each_server_is_in_each_place_equally_often() {
        for servers in 1..6 {
            for place in 0..servers {
                let mut times = vec![0; servers];
                for round in 0..2 * servers as u64 {
                    times[of_round(round, servers)[place]] += 1;
                }
                assert_eq!(times, vec![2; servers], "place {place} of {servers}");
            }
        }
    }
}
