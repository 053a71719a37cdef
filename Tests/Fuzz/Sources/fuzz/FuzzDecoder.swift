// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON

/// The decoder, against Foundation's `JSONDecoder`.
func fuzzDecoder(_ bytes: [UInt8]) {
  if isShallow(bytes) {
    compare(AnyJSON.self, bytes)
    compare(FuzzRecord.self, bytes)
  }
  compare([Double].self, bytes)
  compare([Float?].self, bytes)
  compare([String: String].self, bytes)
  decodeStrictly(bytes)
}

/// Foundation takes quadratic time for what is nested deep.
private func isShallow(_ bytes: [UInt8]) -> Bool {
  var depth = 0
  for byte in bytes {
    if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
    if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth -= 1 }
    if depth > 64 { return false }
  }
  return true
}

private func compare<Value: Decodable & Equatable>(_ type: Value.Type, _ bytes: [UInt8]) {
  let disagreement = FoundationComparison(type, bytes).disagreement
  check(disagreement == nil, disagreement ?? "")
}

/// Types and rules whose results differ on purpose, or belong to Foundation: they need only not stop the process.
private func decodeStrictly(_ bytes: [UInt8]) {
  var decoding = JSONDecoding()
  decoding.keys = .fromSnakeCase
  decoding.dates = .iso8601
  _ = try? JSONText.decode(AnyJSON.self, from: bytes[...])
  _ = try? JSONText.decode(FuzzRecord.self, from: bytes[...], decoding)
  _ = try? JSONText.decode([Date].self, from: bytes[...], decoding)
  _ = try? JSONText.decode([String: AnyJSON].self, from: bytes[...], decoding)
  decoding.dates = .millisecondsSince1970
  decoding.data = .deferredToData
  _ = try? JSONText.decode([Date].self, from: bytes[...], decoding)
  _ = try? JSONText.decode([Data].self, from: bytes[...], decoding)
  _ = try? JSONText.decode([Data].self, from: bytes[...])
  _ = try? JSONText.decode([URL].self, from: bytes[...])
  _ = try? JSONText.decode([Decimal].self, from: bytes[...])
  _ = try? JSONText.decode([Int128].self, from: bytes[...])
  _ = try? JSONText.decode([UInt8].self, from: bytes[...])
  _ = try? JSONText.decode([Int: Float].self, from: bytes[...])
}
