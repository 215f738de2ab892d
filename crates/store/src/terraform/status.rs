//! The words for where a run, its nodes and its jobs are. Which may follow which is not known here.

use crate::{Result, StoreError};

/// An enum whose variants are stored, and spoken, as one word each.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($variant:ident $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($variant,)* }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The platform's word, lowercase.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }

            /// Reads what `column` holds.
            pub(crate) fn stored(column: &'static str, word: &str) -> Result<Self> {
                Self::from_word(word)
                    .ok_or_else(|| StoreError::Corrupt { column, value: word.to_owned() })
            }
        }
    };
}

words! {
    /// Where a run is; follows from its nodes.
    RunStatus {
        Pending "pending",
        Queuing "queuing",
        PlanQueued "plan_queued",
        Planning "planning",
        Planned "planned",
        PlannedAndFinished "planned_and_finished",
        QueuingApply "queuing_apply",
        ApplyQueued "apply_queued",
        Applying "applying",
        Applied "applied",
        Errored "errored",
        Canceled "canceled",
        Discarded "discarded",
    }
}

words! {
    /// Where the plan node of a run is.
    PlanStatus {
        Created "created",
        Pending "pending",
        Queued "queued",
        Running "running",
        Finished "finished",
        Errored "errored",
        Canceled "canceled",
    }
}

words! {
    /// Where the apply node of a run is.
    ApplyStatus {
        Created "created",
        Pending "pending",
        Queued "queued",
        Running "running",
        Finished "finished",
        Errored "errored",
        Canceled "canceled",
        Skipped "skipped",
    }
}

words! {
    /// Where one execution of a node is.
    JobStatus {
        Queued "queued",
        Pending "pending",
        Running "running",
        Canceling "canceling",
        Finished "finished",
        Failed "failed",
        Canceled "canceled",
    }
}

words! {
    /// Which node a job executes.
    JobKind {
        Plan "plan",
        Apply "apply",
    }
}

words! {
    ConfigurationStatus {
        Pending "pending",
        Uploaded "uploaded",
        Errored "errored",
    }
}

words! {
    /// Whether a variable is given to Terraform as an input or as an environment variable.
    VariableCategory {
        Terraform "terraform",
        Environment "environment",
    }
}

words! {
    /// What a namespace path names.
    NamespaceKind {
        Group "group",
        Workspace "workspace",
    }
}

words! {
    /// Where a managed identity is from.
    IdentityKind {
        AwsFederated "aws_federated",
        AzureFederated "azure_federated",
        TharsisFederated "tharsis_federated",
        KubernetesFederated "kubernetes_federated",
    }
}

impl RunStatus {
    /// Nothing happens any more without somebody's request.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Applied
                | Self::PlannedAndFinished
                | Self::Errored
                | Self::Canceled
                | Self::Discarded
        )
    }
}

impl JobStatus {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Canceled)
    }
}
