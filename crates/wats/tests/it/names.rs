//! What a program that depends on `wats` alone has to name, it can: that this file compiles is the test.

#![allow(unused_imports, reason = "that they are found is what is tested")]

use wats::batch::{BatchConfig, BatchError, ChunkConfig, RequestBatcher};
use wats::bytes::Bytes;
use wats::cache::{AsyncTtlCache, SingleFlight, TtlCache};
use wats::codec::{Format, Limits, Serializer};
use wats::http::http::{HeaderMap, Method};
use wats::http::{
    Attempt, Call, Client, Idempotency, Operation, Outcome, PoolStats, Refusal, Response,
};
use wats::jiff::{Timestamp, civil};
use wats::report::builder::{DuplicateNames, NonFinitePolicy, Sequence, StepRef, state};
use wats::report::lint::{FixPolicy, RULES, Rule};
use wats::report::model::{NumericMeasurement, SequenceCall};
use wats::report::{
    AttachmentKey, ConfirmOptions, Cursor, Detail, DetailLevel, Finding, HeaderField, HeaderList,
    HeaderOrder, InternalReports, MiscInfoSearch, QuarantinedReport, ReportIter, ReportStream,
    ReportTime, ReportType, Severity, Status, Step, StepPath, SubmitMode, SubmitOptions, Submitted,
};
use wats::serde_json::Value;
use wats::uuid::Uuid;
use wats::wire::{Extra, Number};
use wats::{
    Ask, BatchProgress, BreakerConfig, BulkOptions, CacheOptions, CacheStats, CachesStats,
    ClassOptions, Cleaned, ClientBuilder, Deadline, Error, ErrorKind, Filter, HeaderQuery,
    Intercept, Literal, Member, Partition, PoolConfig, Process, ProcessService, Product,
    ProductQuery, ProductRevision, ProductService, ProductSummary, ProxyConfig, RateLimit, Report,
    ReportHeader, ReportService, RequestCompression, RetryConfig, SizeLimits, StatusCode, Timeouts,
    TlsConfig, UutReport, Wats, WatsBuilder,
};
