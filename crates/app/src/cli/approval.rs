//! `approvals`: a person's word about a write that waits for it.

use clap::{Args, Subcommand};

use super::{Limit, Output};

#[derive(Clone, Debug, Subcommand)]
pub enum ApprovalCommand {
    /// List approvals that wait for a decision
    List {
        /// Also those that are decided, used or expired
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        limit: Limit,
        #[command(flatten)]
        output: Output,
    },
    /// Show what exactly would be done
    Show {
        /// Identifier of the approval
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Allow exactly this plan, once
    Approve(ApprovalDecision),
    /// Refuse it
    Deny(ApprovalDecision),
}

#[derive(Clone, Debug, Args)]
pub struct ApprovalDecision {
    /// Identifier of the approval
    pub id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    #[command(flatten)]
    pub output: Output,
}
