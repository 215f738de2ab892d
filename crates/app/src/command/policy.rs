//! `policy`: checks and tries policies before they are in force.

use pilothouse_access::cedar::{case, check, schema};
use pilothouse_model::Error;

use super::screen;
use crate::{cli::PolicyCommand, exit::Exit, operation};

pub(super) fn run(command: &PolicyCommand) -> Result<Exit, Error> {
    match command {
        PolicyCommand::Schema => screen::text_line(schema::text(&operation::all()?).trim_end()),
        PolicyCommand::Check { file } => {
            let policies = check(file, &operation::all()?)?;
            screen::text_line(&format!("{} policies: {}", policies.len(), policies.join(", ")))
        }
        PolicyCommand::Test { directory } => {
            let outcomes = case::run(directory, &operation::all()?)?;
            let failed = outcomes.iter().filter(|outcome| outcome.problem.is_some()).count();
            for outcome in &outcomes {
                let said = outcome.problem.as_deref().unwrap_or("ok");
                screen::text_line(&format!("{}: {said}", outcome.case))?;
            }
            screen::text_line(&format!("{} cases, {failed} failed", outcomes.len()))?;
            if failed == 0 {
                return Ok(Exit::Done);
            }
            Err(Error::conflict("the policies do not decide what the cases expect"))
        }
    }
}
