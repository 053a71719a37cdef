// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The three date formats that RFC 9110, section 5.6.7, has a recipient accept.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
  ///
  /// - Returns: Seconds since 1970, or `nil` when the text is none of these.
  static func secondsSince1970(_ text: String) -> Double? {
    let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" }).map(String.init)
    guard let day = words.first, days.contains(where: day.hasPrefix) else { return nil }
    switch words.count {
    case 6 where words[5] == "GMT" || words[5] == "UTC":
      return seconds(year: words[3], month: words[2], day: words[1], time: words[4])
    case 5 where !text.contains(","):
      return seconds(year: words[4], month: words[1], day: words[2], time: words[3])
    default:
      return nil
    }
  }

  private static func seconds(year: String, month: String, day: String, time: String) -> Double? {
    let parts = time.split(separator: ":", omittingEmptySubsequences: false)
    let clock = parts.compactMap { UInt8($0) }.map(Int.init)
    guard let month = months.firstIndex(of: month), let day = Int(day), var fullYear = Int(year),
      year.count <= 6, 1...31 ~= day, fullYear >= 0, parts.count == 3, clock.count == 3, 0..<24 ~= clock[0],
      0..<60 ~= clock[1],
      0...60 ~= clock[2]
    else { return nil }
    // RFC 9110: a two-digit year more than 50 years ahead is in the past; every hint of ours is near.
    if year.count == 2 { fullYear += fullYear < 70 ? 2000 : 1900 }
    let marchYear = month > 1 ? fullYear : fullYear - 1
    let dayOfYear = (153 * (month > 1 ? month - 2 : month + 10) + 2) / 5 + day - 1
    let days = marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
    return Double(days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
  }
}
