//! The threads that a command runs on. Work that takes long has threads of its own.

use std::{io, num::NonZeroUsize, thread::available_parallelism};

use tokio::runtime::{Builder, Runtime};

use crate::cli::Command;

/// One thread is enough for one client. A server has `workers`, else one for every two cores
/// (`docs/decisions/0010`).
pub fn of(command: &Command, workers: Option<NonZeroUsize>) -> io::Result<Runtime> {
    match command {
        Command::Serve(_) | Command::Tour(_) => {
            let workers = workers.map_or_else(|| share(cores()), NonZeroUsize::get);
            Builder::new_multi_thread().worker_threads(workers).enable_all().build()
        }
        _ => Builder::new_current_thread().enable_all().build(),
    }
}

/// What this process may use, as its container limits it.
fn cores() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

fn share(cores: usize) -> usize {
    cores.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_server_has_the_workers_that_it_is_given_or_one_for_every_two_cores() {
        let workers = |command: &str, given| {
            let cli = Cli::parse_from(["pilothouse", command]);
            of(&cli.command, NonZeroUsize::new(given)).unwrap().metrics().num_workers()
        };
        assert_eq!([1, 2, 3, 4, 16].map(share), [1, 1, 2, 2, 8]);
        assert_eq!(workers("serve", 0), share(cores()));
        assert_eq!(workers("serve", 3), 3);
        assert_eq!(workers("tour", 3), 3);
        assert_eq!(workers("stdio", 3), 1);
    }
}
