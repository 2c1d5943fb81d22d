//! Which shard this process is, by the variables of the scheduler that started it.
//!
//! A process may see the variables of several: `mpirun` in a Slurm job, GNU parallel in a pod. The
//! table begins with who is closest to the process, and the first who says both the index and the
//! count is believed:
//!
//! 1. GNU parallel numbers its jobs but does not say how many shards they are; where `LOADGEN_SHARDS`
//!    does, that numbering is meant, also in front of `srun -n 1` or within an allocation.
//! 2. Open MPI's `mpirun` before Slurm: in a batch script it starts the ranks, and what Slurm says is
//!    about the script. PMI, which Slurm's `srun --mpi=pmi2` and MPICH's `mpiexec` speak, likewise;
//!    PMIx alone names no count, and then Slurm's own variables hold.
//! 3. Slurm, of a job step.
//! 4. Kubernetes last: whatever else there is runs in the pod.

use crate::plan::{SHARDS_MAX, Shard};

/// What says how many shards there are where the scheduler numbers its tasks and does not.
pub const SHARDS: &str = "LOADGEN_SHARDS";

/// The value of a variable, if it is set.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a scheduler tells a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which shard it is.
    pub shard: Shard,
    /// Who says so.
    pub scheduler: &'static str,
    /// A name that all shards of the run have, if there is one.
    pub run_id: Option<String>,
}

/// The variables of a scheduler. Of several for the same, the first that is set counts.
struct Scheduler {
    name: &'static str,
    index: &'static [&'static str],
    count: &'static [&'static str],
    /// What the first index is.
    first: u64,
    /// What together, with points in between, is a name of the run.
    run_id: &'static [&'static [&'static str]],
}

/// Who is closest to the process first.
const SCHEDULERS: [Scheduler; 5] = [
    Scheduler {
        name: "gnu-parallel",
        index: &["PARALLEL_SEQ"],
        count: &[SHARDS],
        first: 1,
        run_id: &[],
    },
    Scheduler {
        name: "open-mpi",
        index: &["OMPI_COMM_WORLD_RANK"],
        count: &["OMPI_COMM_WORLD_SIZE"],
        first: 0,
        // Open MPI 4.1 makes the first of mpirun's process id, which comes again, in containers at
        // once; the second it draws for each job.
        run_id: &[
            &["PMIX_NAMESPACE", "OMPI_MCA_orte_precondition_transports"],
            &["PMIX_NAMESPACE"],
            &["OMPI_MCA_ess_base_jobid"],
        ],
    },
    Scheduler {
        name: "pmi",
        // PMI_SIZE goes with PMI_RANK; a PMIX_RANK may be left from outside.
        index: &["PMI_RANK", "PMIX_RANK"],
        count: &["PMI_SIZE"],
        first: 0,
        run_id: &[&["PMIX_NAMESPACE"], &["SLURM_JOB_ID", "SLURM_STEP_ID"]],
    },
    Scheduler {
        name: "slurm",
        index: &["SLURM_PROCID"],
        count: &["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"],
        first: 0,
        run_id: &[&["SLURM_JOB_ID", "SLURM_STEP_ID"]],
    },
    Scheduler {
        name: "kubernetes",
        index: &["JOB_COMPLETION_INDEX"],
        count: &[SHARDS],
        first: 0,
        run_id: &[],
    },
];

/// The place that a scheduler gives this process.
///
/// # Errors
///
/// One line that names the variable that is missing or wrong, and the next step.
pub fn place(lookup: Lookup<'_>) -> Result<Place, String> {
    let set = |names: &[&'static str]| first_set(names, lookup);
    let numbering = || SCHEDULERS.iter().filter(|it| set(it.index).is_some());
    let complete = numbering().find(|it| set(it.count).is_some());
    match complete.or_else(|| numbering().next()) {
        Some(scheduler) => scheduler.place(lookup),
        None => {
            let names: Vec<&str> = SCHEDULERS.iter().flat_map(|it| it.index).copied().collect();
            let names = names.join(", ");
            Err(format!(
                "--shard auto finds no scheduler's variable ({names}); give --shard INDEX/COUNT"
            ))
        }
    }
}

impl Scheduler {
    fn place(&self, lookup: Lookup<'_>) -> Result<Place, String> {
        let (index_name, index) = first_set(self.index, lookup).unwrap_or_default();
        let Some((count_name, count)) = first_set(self.count, lookup) else {
            let missing = self.count.last().copied().unwrap_or_default();
            return Err(format!(
                "{index_name} says which shard this is, and nothing how many there are; set \
                 {missing} to that, or give --shard INDEX/COUNT"
            ));
        };
        let given = number(index_name, &index)?;
        let of = number(count_name, &count)?;
        if !(1..=SHARDS_MAX).contains(&of) {
            return Err(format!(
                "{count_name} is {of}, and from 1 to {SHARDS_MAX} shards can be; set it right, or \
                 give --shard INDEX/COUNT"
            ));
        }
        let index = given.checked_sub(self.first).filter(|&index| index < of);
        let Some(index) = index else {
            let (first, last) = (self.first, of - 1 + self.first);
            return Err(format!(
                "{index_name} is {given}, which with {count_name} {of} has to be from {first} to \
                 {last}; make {count_name} the number of shards that are started"
            ));
        };
        Ok(Place {
            shard: Shard { index, of },
            scheduler: self.name,
            run_id: self.run_id.iter().find_map(|names| joined(names, lookup)),
        })
    }
}

/// The first of these variables that is set and not to nothing, and its value.
fn first_set(names: &[&'static str], lookup: Lookup<'_>) -> Option<(&'static str, String)> {
    let values = names.iter().map(|&name| Some((name, lookup(name)?)));
    values.flatten().find(|(_, value)| !value.is_empty())
}

/// The values of these variables with points in between, if all are set.
fn joined(names: &[&'static str], lookup: Lookup<'_>) -> Option<String> {
    let values = names.iter().map(|&name| first_set(&[name], lookup));
    let values: Option<Vec<String>> = values.map(|it| it.map(|(_, value)| value)).collect();
    Some(values?.join("."))
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| {
        format!("{name} is '{value}', which is no whole number; give --shard INDEX/COUNT instead")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &str) -> Result<Place, String> {
        let lookup = |name: &str| {
            let mut all = variables
                .split_whitespace()
                .map(|it| it.split_once('=').unwrap());
            all.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
        };
        place(&lookup)
    }

    fn assert_place(variables: &str, scheduler: &str, shard: &str, run_id: Option<&str>) {
        let place = told(variables).unwrap();
        assert_eq!(place.shard.to_string(), shard, "{variables}");
        assert_eq!(place.scheduler, scheduler, "{variables}");
        assert_eq!(place.run_id.as_deref(), run_id, "{variables}");
    }

    /// As Slurm tells the batch script of a job of four tasks.
    const BATCH: &str = "SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_JOB_ID=17";
    /// As Slurm tells the second task of a step of that job.
    const STEP: &str =
        "SLURM_PROCID=1 SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=3 SLURM_JOB_ID=17 SLURM_STEP_ID=0";
    /// As Open MPI 4.1.4 tells a rank.
    const RANK: &str = "OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4 PMIX_RANK=2 \
                        PMIX_NAMESPACE=1621884929 OMPI_MCA_ess_base_jobid=1621884929 \
                        OMPI_MCA_orte_precondition_transports=5fbb-f817";

    #[test]
    fn each_scheduler_has_its_variables() {
        let pod = "JOB_COMPLETION_INDEX=3 LOADGEN_SHARDS=4";
        assert_place(pod, "kubernetes", "3/4", None);
        assert_place(
            "PARALLEL_SEQ=1 LOADGEN_SHARDS=4",
            "gnu-parallel",
            "0/4",
            None,
        );
        assert_place(
            "PARALLEL_SEQ=4 LOADGEN_SHARDS=4",
            "gnu-parallel",
            "3/4",
            None,
        );
        assert_place(RANK, "open-mpi", "2/4", Some("1621884929.5fbb-f817"));
        let rank = "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1";
        let named = |variable| format!("{rank} {variable}");
        assert_place(&named("PMIX_NAMESPACE=a@1"), "open-mpi", "0/1", Some("a@1"));
        assert_place(
            &named("OMPI_MCA_ess_base_jobid=7"),
            "open-mpi",
            "0/1",
            Some("7"),
        );
        assert_place("PMI_RANK=1 PMI_SIZE=2", "pmi", "1/2", None);
        assert_place(
            "PMIX_RANK=1 PMI_SIZE=2 PMIX_NAMESPACE=a",
            "pmi",
            "1/2",
            Some("a"),
        );
        assert_place(STEP, "slurm", "1/3", Some("17.0"));
        assert_place("SLURM_PROCID=1 SLURM_NTASKS=4", "slurm", "1/4", None);
        assert_place(BATCH, "slurm", "0/4", None);
    }

    #[test]
    fn of_several_the_closest_to_the_process_is_believed() {
        let both = |one: &str, other: &str| format!("{one} {other}");
        assert_place(
            &both(BATCH, RANK),
            "open-mpi",
            "2/4",
            Some("1621884929.5fbb-f817"),
        );
        let pmi = "PMI_RANK=0 PMI_SIZE=2";
        assert_place(&both(STEP, pmi), "pmi", "0/2", Some("17.0"));
        let job = "PARALLEL_SEQ=2 LOADGEN_SHARDS=8";
        assert_place(&both(BATCH, job), "gnu-parallel", "1/8", None);
        let pod = "JOB_COMPLETION_INDEX=1 LOADGEN_SHARDS=9";
        assert_place(
            &both(pod, RANK),
            "open-mpi",
            "2/4",
            Some("1621884929.5fbb-f817"),
        );
    }

    #[test]
    fn who_names_no_count_is_passed_over_if_another_does() {
        let both = |one: &str, other: &str| format!("{one} {other}");
        assert_place(&both(STEP, "PMIX_RANK=1"), "slurm", "1/3", Some("17.0"));
        assert_place(&both(STEP, "PARALLEL_SEQ=7"), "slurm", "1/3", Some("17.0"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_with_the_next_step() {
        for (variables, words) in [
            ("", "give --shard INDEX/COUNT"),
            ("LOADGEN_SHARDS=4", "JOB_COMPLETION_INDEX"),
            ("JOB_COMPLETION_INDEX=1", "set LOADGEN_SHARDS to that"),
            ("PARALLEL_SEQ=1", "set LOADGEN_SHARDS to that"),
            (
                "JOB_COMPLETION_INDEX=1 LOADGEN_SHARDS=",
                "set LOADGEN_SHARDS to that",
            ),
            ("SLURM_PROCID=1", "set SLURM_NTASKS to that"),
            ("PMIX_RANK=1", "set PMI_SIZE to that"),
            ("SLURM_PROCID=one SLURM_NTASKS=4", "SLURM_PROCID is 'one'"),
            ("SLURM_PROCID=-1 SLURM_NTASKS=4", "SLURM_PROCID is '-1'"),
            (
                "JOB_COMPLETION_INDEX=1 LOADGEN_SHARDS=four",
                "LOADGEN_SHARDS is 'four'",
            ),
            ("JOB_COMPLETION_INDEX=4 LOADGEN_SHARDS=4", "from 0 to 3"),
            ("PARALLEL_SEQ=0 LOADGEN_SHARDS=4", "from 1 to 4"),
            ("PARALLEL_SEQ=5 LOADGEN_SHARDS=4", "from 1 to 4"),
            ("PARALLEL_SEQ=1 LOADGEN_SHARDS=0", "from 1 to 100000"),
            ("PARALLEL_SEQ=1 LOADGEN_SHARDS=100001", "from 1 to 100000"),
        ] {
            let error = told(variables).unwrap_err();
            assert!(
                error.contains(words) && !error.contains('\n'),
                "{variables}: {error}"
            );
        }
    }
}
