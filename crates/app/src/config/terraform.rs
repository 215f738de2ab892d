//! The embedded Terraform platform.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use super::{
    parse,
    reader::Reader,
    setting::{Group, Setting},
};

#[derive(Clone, Debug)]
pub struct Terraform {
    /// `terraform` or `tofu`; `None` looks on `PATH`.
    pub binary: Option<PathBuf>,
    /// A job that takes longer is interrupted, whatever its workspace allows.
    pub job_timeout: Duration,
    /// Our own executable, which `main` knows: with it jobs cannot read what is the server's.
    pub supervisor: Option<PathBuf>,
    /// Jobs that run at the same time in this process.
    pub parallel_jobs: NonZeroU32,
}

const BINARY: Setting = Setting::new(
    "terraform.binary",
    "PILOTHOUSE_TERRAFORM",
    "the path of a terraform or tofu program",
    "The program that plans and applies. Without it: `terraform`, then `tofu`, from PATH.",
);
const JOB_TIMEOUT: Setting = Setting::new(
    "terraform.job_timeout",
    "PILOTHOUSE_JOB_TIMEOUT",
    "a duration, for instance 1h",
    "After this a plan or an apply is interrupted, also when its workspace's `max_job_duration` is longer.",
);
const PARALLEL_JOBS: Setting = Setting::new(
    "terraform.parallel_jobs",
    "PILOTHOUSE_PARALLEL_JOBS",
    "a number from 1 to 64",
    "Plans and applies that run at the same time.",
);

pub(super) static GROUP: Group = Group {
    title: "Terraform",
    about: "The embedded Terraform platform.",
    settings: &[&BINARY, &JOB_TIMEOUT, &PARALLEL_JOBS],
};

impl Terraform {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let binary = reader.optional(&BINARY, parse::path);
        let job_timeout = reader.required(&JOB_TIMEOUT, parse::duration);
        let parallel_jobs = reader
            .required(&PARALLEL_JOBS, |text| parse::positive(text).filter(|jobs| jobs.get() <= 64));
        Some(Self {
            binary,
            job_timeout: job_timeout?,
            supervisor: None,
            parallel_jobs: parallel_jobs?,
        })
    }
}
