// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct TimestampTests {
  static let moments: [(json: String, seconds: Double)] = [
    // Numbers: seconds, and by their size milli-, micro- and nanoseconds.
    ("1", 1), ("1790000000", 1_790_000_000), ("1790000000.0", 1_790_000_000), ("1.79e9", 1_790_000_000),
    ("1790000000.5", 1_790_000_000.5), ("100000000000", 1e11), ("1790000000250", 1_790_000_000.25),
    ("1790000000250000", 1_790_000_000.25), ("1790000000000000000", 1_790_000_000),
    // Digits.
    ("\"1790000000\"", 1_790_000_000), ("\"1790000000.5\"", 1_790_000_000.5),
    ("\"1790000000250\"", 1_790_000_000.25),
    // ISO 8601 with 0 to 9 fraction digits.
    ("\"2026-09-21T14:13:20Z\"", 1_790_000_000), ("\"2026-09-21t14:13:20z\"", 1_790_000_000),
    ("\"2026-09-21 14:13:20\"", 1_790_000_000), ("\"2026-09-21T14:13:20\"", 1_790_000_000),
    ("\"2026-09-21T14:13:20.5Z\"", 1_790_000_000.5), ("\"2026-09-21T14:13:20,25Z\"", 1_790_000_000.25),
    ("\"2026-09-21T14:13:20.123Z\"", 1_790_000_000.123),
    ("\"2026-09-21T14:13:20.1234567Z\"", 1_790_000_000.1234567),
    ("\"2026-09-21T14:13:20.123456789\"", 1_790_000_000.123456789),
    // Offsets.
    ("\"2026-09-21T14:13:20+00:00\"", 1_790_000_000), ("\"2026-09-21T22:13:20+08:00\"", 1_790_000_000),
    ("\"2026-09-21T22:13:20.5+0800\"", 1_790_000_000.5), ("\"2026-09-21T22:13:20+08\"", 1_790_000_000),
    ("\"2026-09-21T04:43:20-09:30\"", 1_790_000_000), ("\"2026-09-22T00:13:20+10:00\"", 1_790_000_000),
    // The calendar.
    ("\"1970-01-01T00:00:01Z\"", 1), ("\"1970-12-31T23:59:59Z\"", 31_535_999),
    ("\"2000-02-29T00:00:00Z\"", 951_782_400), ("\"2000-03-01T00:00:00Z\"", 951_868_800),
    ("\"2024-02-29T12:00:00Z\"", 1_709_208_000), ("\"2100-02-28T23:59:59Z\"", 4_107_542_399),
    ("\"2100-03-01T00:00:00Z\"", 4_107_542_400), ("\"2016-12-31T23:59:60Z\"", 1_483_228_800),
    ("\"5138-11-16T09:46:40Z\"", 100_000_000_000),
  ]

  @Test(arguments: moments.indices)
  func isRead(index: Int) throws {
    let (json, seconds) = Self.moments[index]
    #expect(try batch(json).expiresAt == Date(timeIntervalSince1970: seconds))
    #expect(try batch(json).createdAt == Date(timeIntervalSince1970: 0))
  }

  @Test func agreesWithFoundationOnEveryDay() throws {
    for day in stride(from: 1, through: 60_000, by: 31) {
      let date = Date(timeIntervalSince1970: Double(day) * 86_400 + 45_296)
      #expect(try batch("\"\(date.formatted(.iso8601))\"").expiresAt == date)
    }
  }

  /// Null, and what servers send for a moment that has not come: zeros, Go's and .NET's zero time, Bella's.
  @Test(arguments: [
    "null", "0", "0.0", "1e-9", "17900e-131", "-1", "-62135596800", "\"\"", "\"0\"", "\"-62135596800\"",
    "946656000000",
    "\"946656000000\"", "\"0001-01-01T00:00:00Z\"", "\"5138-11-16T09:46:41Z\"",
    "\"9999-12-31T23:59:59.9999999Z\"",
    "\"1970-01-01T00:00:00Z\"", "\"1969-12-31T23:59:59Z\"",
  ])
  func countsAsAbsent(json: String) throws {
    #expect(try batch(json).expiresAt == nil)
  }

  @Test(arguments: [
    "true", "{}", "[]", "1e20", "1e308", "\"1e9\"", "\"nan\"", "\"inf\"", "\"infinity\"", "\"0x10\"",
    "\"soon\"",
    "\" 1790000000\"", "\"-\"", "\"1.2.3\"", "\"2026-09-21\"", "\"2026-09-21T14:13Z\"",
    "\"2026-09-21T14:13:20X\"",
    "\"2026-09-21T14:13:20.Z\"", "\"2026-09-21T14:13:20Z \"", "\"2026-09-21T14:13:20ZZ\"",
    "\"2026-09-21T14:13:20+\"", "\"2026-09-21T14:13:20+8\"", "\"2026-09-21T14:13:20+08:\"",
    "\"2026-09-21T14:13:20+08:0\"", "\"2026-09-21T14:13:20+24:00\"", "\"2026-09-21T14:13:20+08:60\"",
    "\"2026-13-21T14:13:20Z\"", "\"2026-00-21T14:13:20Z\"", "\"2026-09-31T14:13:20Z\"",
    "\"2026-09-00T14:13:20Z\"",
    "\"2026-02-29T14:13:20Z\"", "\"2100-02-29T14:13:20Z\"", "\"2024-02-30T14:13:20Z\"",
    "\"2026-09-21T24:00:00Z\"", "\"2026-09-21T14:60:20Z\"", "\"2026-09-21T14:13:61Z\"",
    "\"٢٠٢٦-09-21T14:13:20Z\"",
    "\"２０２６-09-21T14:13:20Z\"", "\"2026-9-21T14:13:20Z\"", "\"26-09-21T14:13:20Z\"",
    "\"99999999999999999999\"",
  ])
  func isAnErrorThatNamesThePath(json: String) {
    let failure = #expect(throws: JSONFailure.self) { try batch(json) }
    #expect(failure?.path == "expires_at")
    let nested = #expect(throws: JSONFailure.self) {
      try decode(ListEnvelope<FileObject>.self, "{\"data\":[{\"id\":\"f\",\"created_at\":\(json)}]}")
    }
    #expect(nested?.path == "data[0].created_at")
  }

  @Test(arguments: [(0.0, "0"), (1_790_000_000, "1790000000"), (1_790_000_000.5, "1790000000.5"), (-5, "-5")])
  func isWritten(seconds: Double, expected: String) throws {
    #expect(try encoded(Date(timeIntervalSince1970: seconds)) == expected)
  }

  @Test(arguments: [1e300, -1e300, Double.greatestFiniteMagnitude, 1e19])
  func aMomentBeyondIntegersIsWrittenWithoutATrap(seconds: Double) throws {
    #expect(Double(try encoded(Date(timeIntervalSince1970: seconds))) == seconds)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func whatIsNoMomentIsAnError(seconds: Double) {
    let failure = #expect(throws: JSONFailure.self) {
      try encoded(Date(timeIntervalSince1970: seconds))
    }
    #expect(failure?.path == "created_at")
  }

  private func batch(_ json: String) throws(JSONFailure) -> Batch {
    try decode(Batch.self, "{\"id\":\"b\",\"expires_at\":\(json)}")
  }

  private func encoded(_ date: Date) throws -> String {
    let file = FileObject(id: "f", bytes: 0, createdAt: date, filename: "", purpose: .batch)
    let value = try JSONValue(parsing: JSONText.encode(file))
    return String(decoding: try #require(value["created_at"]).bytes, as: UTF8.self)
  }
}
