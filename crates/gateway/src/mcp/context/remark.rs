//! Progress and log messages: sent only to a client that asked for them, on the stream of the
//! request they belong to, and dropped rather than waited for.

#![expect(
    deprecated,
    reason = "logging is deprecated by the protocol but served until its removal"
)]

use std::sync::PoisonError;

use rmcp::model::{
    LoggingLevel, LoggingMessageNotification, LoggingMessageNotificationParam,
    ProgressNotification, ProgressNotificationParam,
};
use serde_json::Value;

use super::{LogLevel, RequestContext};

impl RequestContext {
    /// Whether anybody would see progress.
    pub fn wants_progress(&self) -> bool {
        self.progress_token.is_some() && !self.origin.answer_only
    }

    /// Reports progress, if the client sent a token. A value that is not higher than the last one
    /// is skipped: the protocol demands growth.
    pub async fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        let Some(token) = self.progress_token.clone().filter(|_| self.wants_progress()) else {
            return;
        };
        if !self.advance(progress) {
            return;
        }
        let mut param = ProgressNotificationParam::new(token, progress);
        param.total = total;
        param.message = message.map(str::to_owned);
        if self.origin.voice.tell(ProgressNotification::new(param)).await.is_err() {
            tracing::trace!("progress had no reader");
        }
    }

    fn advance(&self, progress: f64) -> bool {
        let mut last = self.last_progress.lock().unwrap_or_else(PoisonError::into_inner);
        let grows = progress > *last;
        if grows {
            *last = progress;
        }
        grows
    }

    /// Sends a log message. A modern client must have asked for logs in this request; a legacy one
    /// gets its session's level and above. The endpoint must declare logging.
    pub async fn log(&self, level: LogLevel, logger: Option<&str>, data: Value) {
        if self.origin.answer_only || self.log_level.is_none_or(|least| level < least) {
            return;
        }
        let mut param = LoggingMessageNotificationParam::new(level.into(), data);
        param.logger = logger.map(str::to_owned);
        if self.origin.voice.tell(LoggingMessageNotification::new(param)).await.is_err() {
            tracing::trace!("a log message had no reader");
        }
    }
}

impl From<LoggingLevel> for LogLevel {
    fn from(level: LoggingLevel) -> Self {
        match level {
            LoggingLevel::Debug => Self::Debug,
            LoggingLevel::Info => Self::Info,
            LoggingLevel::Notice => Self::Notice,
            LoggingLevel::Warning => Self::Warning,
            LoggingLevel::Error => Self::Error,
            LoggingLevel::Critical => Self::Critical,
            LoggingLevel::Alert => Self::Alert,
            LoggingLevel::Emergency => Self::Emergency,
        }
    }
}

impl From<LogLevel> for LoggingLevel {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Notice => Self::Notice,
            LogLevel::Warning => Self::Warning,
            LogLevel::Error => Self::Error,
            LogLevel::Critical => Self::Critical,
            LogLevel::Alert => Self::Alert,
            LogLevel::Emergency => Self::Emergency,
        }
    }
}
