//! gRPC without generated code: descriptors embedded at build time, messages by reflection, so
//! that a gRPC operation is data just as an HTTP one is.

use std::{collections::HashMap, sync::LazyLock};

use prost_reflect::{DescriptorPool, MethodDescriptor, ServiceDescriptor};

mod codec;
mod decode;
mod encode;

pub(crate) use codec::DynamicCodec;
pub(crate) use decode::to_json;
pub(crate) use encode::from_json;

/// The services of one platform by their bare names (`Runs`).
pub(crate) struct Protocol {
    services: HashMap<String, ServiceDescriptor>,
}

/// Tharsis' services; decoded when a gRPC operation is first prepared.
pub(crate) static THARSIS: LazyLock<Protocol> =
    LazyLock::new(|| Protocol::decode(include_bytes!(concat!(env!("OUT_DIR"), "/tharsis.bin"))));

impl Protocol {
    fn decode(descriptors: &[u8]) -> Self {
        let pool = DescriptorPool::decode(descriptors)
            .expect("the build script wrote these descriptors from files that compile");
        let services = pool.services().map(|service| (service.name().to_owned(), service));
        Self { services: services.collect() }
    }

    /// A method that answers with one message.
    pub(crate) fn unary(&self, service: &str, method: &str) -> Option<MethodDescriptor> {
        self.services
            .get(service)?
            .methods()
            .find(|known| known.name() == method)
            .filter(|known| !known.is_server_streaming() && !known.is_client_streaming())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_by_bare_name() {
        let method = THARSIS.unary("Runs", "GetRunByID").unwrap();
        assert_eq!(method.parent_service().full_name(), "martiancloud.tharsis.api.run.Runs");
        assert_eq!(method.output().full_name(), "martiancloud.tharsis.api.run.Run");
        assert_eq!(THARSIS.services.len(), 25, "two services share a bare name");
    }

    #[test]
    fn what_does_not_exist_or_streams_is_not_found() {
        assert!(THARSIS.unary("Runs", "Nope").is_none());
        assert!(THARSIS.unary("Nope", "GetRunByID").is_none());
        assert!(THARSIS.unary("Runs", "SubscribeToRunEvents").is_none());
    }
}
