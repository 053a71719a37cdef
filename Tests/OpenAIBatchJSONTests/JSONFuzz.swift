// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation

/// Seeded texts for the fuzz tests: the same every time for the same seed.
///
/// `swift test` reads a thousand of each kind, in a few seconds. For a longer run set
/// `OPENAI_BATCH_FUZZ_DOCUMENTS` to the number of texts of each kind, and `OPENAI_BATCH_FUZZ_SEED` to a number of
/// your own for other texts:
///
/// ```sh
/// OPENAI_BATCH_FUZZ_DOCUMENTS=1000000 swift test -c release -Xswiftc -enable-testing --filter Fuzz
/// ```
struct JSONFuzz {
  var random: SplitMix64

  init(seed: Int) {
    random = SplitMix64(seed: UInt64(bitPattern: Int64(seed)) &+ Self.baseSeed)
  }

  /// How many texts one of `parts` tests reads.
  static func documents(parts: Int) -> Int {
    let wanted = ProcessInfo.processInfo.environment["OPENAI_BATCH_FUZZ_DOCUMENTS"].flatMap(Int.init) ?? 1000
    return max(1, wanted / parts)
  }

  private static let baseSeed =
    ProcessInfo.processInfo.environment["OPENAI_BATCH_FUZZ_SEED"].flatMap(UInt64.init) ?? 0

  mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: elements.indices, using: &random)]
  }
}

// MARK: Texts

extension JSONFuzz {
  /// A valid text.
  mutating func document() -> [UInt8] { Array((space() + value(depth: 0) + space()).utf8) }

  /// The text of a value of the type that ``FuzzRecord`` is; now and then with a member that does not fit.
  mutating func record(depth: Int = 0) -> String {
    var members: [String] = []
    for name in ["id", "name", "score", "ratio", "flag", "tags", "map", "child", "count", "extra"] {
      if chance(3) { continue }
      var text = chance(12) ? value(depth: 2) : fitting(name, depth)
      if chance(10) { text = "null" }
      members.append(literal(name) + space() + ":" + space() + text)
      if chance(30) { members.append(literal(name) + ":" + value(depth: 3)) }
    }
    if chance(2) { members.shuffle(using: &random) }
    return "{" + space() + members.joined(separator: space() + "," + space()) + space() + "}"
  }

  private mutating func fitting(_ name: String, _ depth: Int) -> String {
    switch name {
    case "id", "count": "\(Int.random(in: -300...300, using: &random))"
    case "name": string()
    case "score", "ratio": number()
    case "flag": pick(["true", "false"])
    case "tags":
      "[" + (0..<Int.random(in: 0...3, using: &random)).map { _ in string() }.joined(separator: ",") + "]"
    case "map":
      "{" + (0..<Int.random(in: 0...3, using: &random)).map { _ in string() + ":1" }.joined(separator: ",")
        + "}"
    case "child": depth < 3 ? record(depth: depth + 1) : "null"
    default: value(depth: 1)
    }
  }

  private mutating func value(depth: Int) -> String {
    switch Int.random(in: 0..<(depth < 5 ? 9 : 6), using: &random) {
    case 0: return pick(["null", "true", "false"])
    case 1, 2: return number()
    case 3, 4, 5: return string()
    case 6: return record(depth: 3)
    case 7:
      let elements = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        space() + value(depth: depth + 1) + space()
      }
      return "[" + (elements.isEmpty ? space() : elements.joined(separator: ",")) + "]"
    default:
      let members = (0..<Int.random(in: 0...(chance(20) ? 80 : 4), using: &random)).map { _ in
        space() + string() + space() + ":" + space() + value(depth: depth + 1) + space()
      }
      return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
    }
  }

  mutating func number() -> String {
    func digits(_ range: ClosedRange<Int>, _ fuzz: inout JSONFuzz) -> String {
      (0..<Int.random(in: range, using: &fuzz.random)).map { _ in
        "\(Int.random(in: 0...9, using: &fuzz.random))"
      }.joined()
    }
    let sign = chance(4) ? "-" : ""
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return sign + "0"
    case 1: return "\(Int.random(in: .min ... .max, using: &random))"
    case 2: return "\(Double(bitPattern: random.next() & 0x7FEF_FFFF_FFFF_FFFF))"
    case 3: return "\(Double.random(in: -1...1, using: &random))"
    case 4: return "\(Float.random(in: -1...1, using: &random))"
    case 5: return sign + "\(Int.random(in: 1...9, using: &random))" + digits(0...24, &self)
    case 6: return sign + "\(Int.random(in: 0...9, using: &random))." + digits(1...20, &self)
    default:
      let exponent = pick(["e", "E", "e+", "e-", "E+", "E-"]) + digits(1...2, &self)
      return sign + "\(Int.random(in: 0...9, using: &random))" + (chance(2) ? "." + digits(1...5, &self) : "")
        + exponent
    }
  }

  mutating func string() -> String {
    let pieces = [
      "a", "id", "name", "text with words ", "0123456789abcdef", "é", "ß", "漢字", "😀", "\u{2028}", "\u{85}",
      "\u{10FFFF}",
      "\\n", "\\\"", "\\\\", "\\/", "\\b\\f\\r\\t", "\\u0041", "\\u00e9", "\\u6f22", "\\ud83d\\ude00",
      "\\u0000", "_", "key_name",
    ]
    return "\"" + (0..<Int.random(in: 0...5, using: &random)).map { _ in pick(pieces) }.joined() + "\""
  }

  private mutating func literal(_ name: String) -> String {
    chance(20) ? "\"\\u00" + String(name.utf8.first ?? 0, radix: 16) + name.dropFirst() + "\"" : "\"\(name)\""
  }

  private mutating func space() -> String {
    chance(3) ? pick([" ", "\n", "\t", "\r\n", "\n" + String(repeating: " ", count: 17), "  "]) : ""
  }

  /// Damages a text in one to three places. Often it stays valid.
  mutating func damage(_ bytes: inout [UInt8]) {
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      let token = pick(
        Array("{}[]:,\"\\ \n\t0123456789-+.eEutfn/".utf8) + [
          0x00, 0x1F, 0x7F, 0x80, 0xC3, 0xE2, 0xED, 0xF4, 0xFF,
        ])
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes.insert(token, at: place)
      case 1 where place < bytes.count: bytes.remove(at: place)
      case 2 where place < bytes.count: bytes[place] = token
      case 3 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 4:
        let end = min(bytes.count, place + Int.random(in: 0...20, using: &random))
        bytes.insert(contentsOf: bytes[place..<end], at: place)
      default: bytes.removeSubrange(place...)
      }
    }
  }
}

/// A small generator, so that a failing run can be repeated.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
