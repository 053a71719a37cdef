// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchMiddleware

struct RetryHintTests {
  enum Expected: Sendable {
    /// The server's wait, with jitter on top.
    case waits(Duration)
    /// No hint: the wait is our own.
    case backsOff
    /// Too long: the call fails at once.
    case fails
  }
  struct Row: Sendable {
    var milliseconds: String?
    var after: String?
    let expected: Expected
  }

  static let rows: [Row] =
    [
      Row(after: "20", expected: .waits(.seconds(20))),
      Row(after: " 20\t", expected: .waits(.seconds(20))),
      Row(after: "0.5", expected: .waits(.milliseconds(500))),
      Row(after: "120", expected: .waits(.seconds(120))),
      Row(after: "121", expected: .fails),
      Row(after: "120.001", expected: .fails),
      Row(after: "99999999999999999999999999999999999", expected: .fails),
      Row(after: String(repeating: "9", count: 400), expected: .fails),
      Row(milliseconds: "120000", expected: .waits(.seconds(120))),
      Row(milliseconds: "120001", expected: .fails),
      Row(milliseconds: "250", after: "20", expected: .waits(.milliseconds(250))),
      Row(milliseconds: "", after: "20", expected: .waits(.seconds(20))),
      Row(milliseconds: "soon", after: "20", expected: .waits(.seconds(20))),
      Row(milliseconds: "0", expected: .backsOff),
      Row(after: "Tue, 14 Nov 2023 22:13:40 GMT", expected: .waits(.seconds(20))),
      Row(after: "Tuesday, 14-Nov-23 22:13:40 GMT", expected: .waits(.seconds(20))),
      Row(after: "Tue Nov 14 22:13:40 2023", expected: .waits(.seconds(20))),
      Row(after: "Tue, 14 Nov 2023 22:15:20 GMT", expected: .waits(.seconds(120))),
      Row(after: "Tue, 14 Nov 2023 22:15:21 GMT", expected: .fails),
      Row(after: "Sat, 01 Jan 100000 00:00:00 GMT", expected: .fails),
      Row(after: "Tue, 14 Nov 2023 22:13:19 GMT", expected: .backsOff),
      Row(after: "Tue, 14 Nov 2023 22:13:20 GMT", expected: .backsOff),
      Row(after: "Fri, 29 Sep 2023 16:26:57 GMT", expected: .backsOff),
      Row(after: "Zun, 29 Sep 2023 16:26:27 GMT", expected: .backsOff),
      Row(after: "Zun, 29 Sep", expected: .backsOff),
    ]
    + [
      "", " ", "0", "0.0", "-10", "-0", "+20", "inf", "-inf", "nan", "0x10", "1e1", "1.2.3", ".", "20 s",
      "20, 20", "２０",
    ]
    .map { Row(after: $0, expected: .backsOff) }

  @Test(arguments: rows)
  func theTable(row: Row) async {
    var fields = HTTPFields()
    fields[.retryAfterMilliseconds] = row.milliseconds
    fields[.retryAfter] = row.after
    for random in [0, 0.5, 0.999_999] {
      let rig = Rig([.status(429, fields)], random: { random })
      let result = await rig.call()
      switch row.expected {
      case .waits(let hint):
        let extra = rig.instants.last.map { $0 - hint } ?? .zero
        #expect(result.status == 200)
        #expect(extra >= .zero && extra <= hint * 0.1 && extra <= .seconds(1))
        #expect(extra > .zero || random == 0, "jitter")
      case .backsOff:
        #expect(rig.instants.last == Backoff.standard.delay(after: 1, random: random))
      case .fails:
        #expect(result.status == 429)
        #expect(rig.instants.count == 1)
        guard case .status(let failure)? = result.failure?.reason else { continue }
        #expect(
          failure.retryHint(at: Rig.wallTime).map { $0.delay > RetryHint.longest } == true, "it is reported")
      }
    }
  }

  @Test func theClockOfTheHintIsTheWallClock() {
    let date = "Tue, 14 Nov 2023 22:13:40 GMT"
    let ahead = RetryHint(milliseconds: nil, retryAfter: date, now: Rig.wallTime - 3600)
    #expect(ahead?.delay == .seconds(3620))
    #expect(RetryHint(milliseconds: nil, retryAfter: date, now: Rig.wallTime + 3600) == nil)
  }
}

struct HTTPDateTests {
  @Test(arguments: [
    ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777.0),
    ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
    ("Sun Nov  6 08:49:37 1994", 784_111_777),
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ("Thu, 29 Feb 2024 23:59:60 UTC", 1_709_251_200),
    ("Thursday, 01-Jan-70 00:00:00 GMT", 0),
    ("Tuesday, 31-Dec-69 23:59:59 GMT", 3_155_759_999),
    ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
  ])
  func read(text: String, seconds: Double) {
    #expect(HTTPDate.secondsSince1970(text) == seconds)
  }

  @Test(arguments: [
    "", "Sun", "Zun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nom 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49 GMT",
    "Sun, 06 Nov 1994 08:xx:49:37 GMT", "Sun, 06 Nov 1994 08::49:37 GMT",
    "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
    "Sun, 06 Nov 99999999 08:49:37 GMT", "Sun, 99999999999999999999 Nov 1994 08:49:37 GMT", "784111777",
  ])
  func refused(text: String) {
    #expect(HTTPDate.secondsSince1970(text) == nil)
  }

  /// The ends of each month to 2110 (2000 is a leap year, 2100 is not), against a calendar that counts days one by one.
  @Test func everyDay() {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    var days = 0.0
    for year in 1970..<2110 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for (month, length) in zip(months, [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        for day in [1, length] {
          let expected = (days + Double(day - 1)) * 86_400
          let text = "Mon, \(day < 10 ? "0" : "")\(day) \(month) \(year) 00:00:00 GMT"
          if HTTPDate.secondsSince1970(text) != expected { Issue.record("\(text)") }
        }
        days += Double(length)
      }
    }
  }
}
