//! Single look-ups that share queries: what [`Wats::batching`](crate::Wats::batching) turns on, one batcher for each kind.

use std::sync::Arc;

use futures_util::FutureExt as _;
use uuid::Uuid;

use crate::ask::Core;
use crate::asset::{Asset, AssetService};
use crate::bulk::{BatchingOptions, Together};
use crate::error::Result;
use crate::product::{ProductService, ProductSummary};
use crate::report::{ReportHeader, ReportService};

/// The batchers. They hold the core, so the core does not hold them.
#[derive(Debug)]
pub(crate) struct Batching {
    pub(crate) products: Arc<Together<String, ProductSummary>>,
    pub(crate) assets: Arc<Together<String, Asset>>,
    pub(crate) headers: Arc<Together<Uuid, ReportHeader>>,
}

impl Batching {
    pub(crate) fn new(core: &Arc<Core>, options: &BatchingOptions) -> Result<Self> {
        let [of_products, of_assets, of_headers] = [core, core, core].map(Arc::clone);
        Ok(Self {
            products: Arc::new(Together::new(options, move |numbers| {
                let core = Arc::clone(&of_products);
                async move { ProductService::look_up(&core, numbers).await }.boxed()
            })?),
            assets: Arc::new(Together::new(options, move |numbers| {
                let core = Arc::clone(&of_assets);
                async move { AssetService::look_up(&core, numbers).await }.boxed()
            })?),
            headers: Arc::new(Together::new(options, move |ids| {
                let core = Arc::clone(&of_headers);
                async move { ReportService::look_up(&core, ids).await }.boxed()
            })?),
        })
    }
}
