//! The command `cotmoc`: arguments in, an exit code out.

use std::process::ExitCode;

use app::cli::{self, Arguments};
use clap::Parser as _;

/// A step makes and drops many small values: see docs/decisions/0010.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Arguments::try_parse() {
        Ok(arguments) => cli::run(&arguments),
        Err(error) => {
            // Help and version are no mistakes; everything else is wrong usage.
            let mistake = error.use_stderr();
            let printed = error.print().is_ok();
            if mistake || !printed { ExitCode::from(cli::USAGE) } else { ExitCode::SUCCESS }
        }
    }
}
