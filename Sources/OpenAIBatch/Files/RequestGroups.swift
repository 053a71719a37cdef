// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The pairs of endpoint and model that rows have, each with a number. The pair of the row before is known by its
/// bytes, because most rows have it.
struct RequestGroups {
  /// The most pairs.
  static let limit = 1000

  private struct Pair: Hashable {
    let endpoint: RowID
    let model: RowID
  }
  private var pairs: [Pair] = []
  private var numbers: [Pair: Int] = [:]
  private var latest: (endpoint: [UInt8], model: [UInt8], number: Int) = ([], [], 0)

  /// The number of a pair; `nil` when it is one too many.
  mutating func number(endpoint: JSONLiteral, model: JSONLiteral) -> Int? {
    if latest.model.elementsEqual(model.bytes), latest.endpoint.elementsEqual(endpoint.bytes) {
      return latest.number
    }
    let pair = Pair(endpoint: RowID(endpoint.string ?? ""), model: RowID(model.string ?? ""))
    let number = numbers[pair] ?? pairs.count
    if number == pairs.count {
      guard number < Self.limit else { return nil }
      numbers[pair] = number
      pairs.append(pair)
    }
    latest = (Array(endpoint.bytes), Array(model.bytes), number)
    return number
  }

  func endpoint(_ number: Int) -> String { pairs[number].endpoint.text }
  func model(_ number: Int) -> String { pairs[number].model.text }
}
