// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What a user's type is like: every kind of member, required ones and others.
final class FuzzRecord: Decodable, Equatable, Sendable {
  let id: Int8?
  let name: String
  let score: Double?
  let ratio: Float?
  let flag: Bool?
  let tags: [String]?
  let map: [String: Int]?
  let child: FuzzRecord?
  let count: UInt16?

  static func == (one: FuzzRecord, other: FuzzRecord) -> Bool {
    one.id == other.id && one.name == other.name && one.score == other.score && one.ratio == other.ratio
      && one.flag == other.flag && one.tags == other.tags && one.map == other.map && one.child == other.child
      && one.count == other.count
  }
}
