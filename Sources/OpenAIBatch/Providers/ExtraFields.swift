// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels

/// Members of a provider's own, added to the JSON body of a create.
struct ExtraFields: Encodable, Sendable {
  let values: [String: any Encodable & Sendable]

  /// Joins two sets; the call's own win over the client's.
  init(_ configured: [String: any Encodable & Sendable], _ own: [String: any Encodable & Sendable]) {
    values = configured.merging(own) { _, own in own }
  }

  /// Adds the members to the text of an object.
  ///
  /// - Throws: ``BatchClientError`` for one that the object has already, and for a value that JSON has no form for.
  func joined(to object: [UInt8], operation: String) throws(BatchClientError) -> [UInt8] {
    guard !values.isEmpty else { return object }
    do {
      let taken = Set(try JSONValue(parsing: object).members.map(\.key)).union(Self.documented)
      if let name = values.keys.filter(taken.contains).min() {
        throw BatchClientError(
          .invalidRequest, operation: operation,
          "The extra field \"\(name)\" is one that the request itself has. Set it there.")
      }
      return Array(object.dropLast() + [UInt8(ascii: ",")] + (try JSONText.encode(self)).dropFirst())
    } catch let error as BatchClientError {
      throw error
    } catch {
      throw BatchClientError(
        .invalidRequest, operation: operation, "The extra fields: \(error)", underlying: error)
    }
  }

  /// The members that a create can have, also where this one leaves them out.
  private static let documented: Set = [
    "input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after",
  ]

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    for (name, value) in values { try container.encode(value, forKey: Name(stringValue: name)) }
  }
}
