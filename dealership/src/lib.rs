//! What a dealership means: documents, commands, rules, rights, conflicts and formulas.
//!
//! No IO, no clock, no randomness, no async: documents, the time and fresh ids are handed in.
//!
//! Read in this order: [`kind`] and [`space`] (what there is and who holds it), [`schema`] (what
//! may stand in a document and how it merges), [`document`] and [`edit`] (reading and writing
//! one), [`command`] (what a person asks for), [`rights`] (who may). The trade's rules and formulas,
//! from [`fen`] on, know nothing of documents.

pub mod id;
pub mod time;

pub mod authorship;
pub mod kind;
pub mod receipt;
pub mod schema;
pub mod space;
pub mod value;

pub mod document;
pub mod edit;

pub mod access;
pub mod content_id;
pub mod rights;

pub mod case;
pub mod claim;
pub mod duty;
pub mod order;
pub mod pack;
pub mod price_list;
mod ruling;
pub mod show;
pub mod trim;
pub mod vehicle;

pub mod contact;
pub mod customer;
pub mod deal;
pub mod device;
pub mod merge;
pub mod staff;
pub mod store;

pub mod command;
pub mod refusal;

pub mod import;
pub mod sheet;

pub mod code;
mod half_width;
mod spreadsheet_damage;
mod text_form;

pub mod amount_in_words;
pub mod civil;
pub mod credit_code;
pub mod fen;
pub mod grade;
pub mod identity_number;
pub mod phone;
pub mod pinyin;
pub mod plate_number;
pub mod vin;

pub use access::{Author, Role, StaffAccess};
pub use amount_in_words::amount_in_words;
pub use authorship::{Authorship, Seq};
pub use contact::Contact;
pub use credit_code::CreditCode;
pub use customer::Customer;
pub use deal::Deal;
pub use device::Device;
pub use document::Document;
pub use fen::{BasisPoints, Fen};
pub use grade::Grade;
pub use id::{
    CaseId, CustomerId, DealId, DeviceNumber, DocumentId, FactId, FreshIds, GroupId, ImportId,
    ShowId, StaffId, StoreId, TrimId, VehicleId,
};
pub use identity_number::IdentityNumber;
pub use kind::Kind;
pub use merge::MergeMap;
pub use phone::{PhoneHash, PhoneKey, PhoneKind, PhoneNumber};
pub use plate_number::{Plate, PlateNumber};
pub use receipt::{ChangeReceipt, Receipts};
pub use space::Space;
pub use staff::Staff;
pub use store::Store;
pub use time::Timestamp;
pub use value::Value;
pub use vin::Vin;
