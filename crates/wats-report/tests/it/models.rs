//! The fast path and `serde` do the same with every model.

use wats_report::model::{
    AdditionalArray, AdditionalData, AdditionalItem, AdditionalProperty, Asset, AssetStatistics,
    Attachment, BooleanMeasurement, Chart, ChartSeries, ExeCall, Failure, LoopInfo, MessagePopup,
    MiscInfo, NumericMeasurement, Report, SequenceCall, Step, StringMeasurement, SubUnit, Uur,
    UurReference, Uut,
};

crate::alike::models_alike!(
    AdditionalArray,
    AdditionalData,
    AdditionalItem,
    AdditionalProperty,
    Asset,
    AssetStatistics,
    Attachment,
    BooleanMeasurement,
    Chart,
    ChartSeries,
    ExeCall,
    Failure,
    LoopInfo,
    MessagePopup,
    MiscInfo,
    NumericMeasurement,
    Report,
    SequenceCall,
    Step,
    StringMeasurement,
    SubUnit,
    Uur,
    UurReference,
    Uut,
);
