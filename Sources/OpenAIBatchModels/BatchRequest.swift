// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchJSON

/// One row of a batch: a request line of the input file.
public struct BatchRequest: Sendable {
  /// The row's name, unique in its batch: results come back in any order and are joined by it.
  public let customID: String
  /// The endpoint to call; the same for all rows of a batch.
  public let endpoint: BatchEndpoint
  private let body: Result<[UInt8], JSONFailure>

  /// Creates a row.
  ///
  /// A body that has no JSON form, such as one with a NaN, is reported when the row is written.
  ///
  /// - Parameters:
  ///   - customID: The row's name; by default a hash of endpoint and body, so that equal rows have equal
  ///     names.
  ///   - endpoint: The endpoint to call.
  ///   - body: The endpoint's parameters; `model` is needed, `stream` is not allowed.
  public init(customID: String? = nil, endpoint: BatchEndpoint, body: some Encodable) {
    let encoded = Result { () throws(JSONFailure) in try JSONText.encode(body) }
    self.init(customID: customID, endpoint: endpoint, encoded: encoded)
  }

  /// Creates a row whose body is JSON text already.
  ///
  /// - Parameters:
  ///   - customID: The row's name; by default a hash of endpoint and body.
  ///   - endpoint: The endpoint to call.
  ///   - bodyJSON: A JSON object; checked when the row is written.
  public init(customID: String? = nil, endpoint: BatchEndpoint, bodyJSON: [UInt8]) {
    let checked = Result { () throws(JSONFailure) in
      // Line ends between tokens would cut the row in two.
      let value = try JSONValue(parsing: bodyJSON)
      guard bodyJSON.contains(where: { $0 == 0x0A || $0 == 0x0D }) else {
        return JSONText.escapingLineSeparators(value.bytes)
      }
      return JSONText.escapingLineSeparators(value.bytes.filter { $0 != 0x0A && $0 != 0x0D })
    }
    self.init(customID: customID, endpoint: endpoint, encoded: checked)
  }

  private init(customID: String?, endpoint: BatchEndpoint, encoded: Result<[UInt8], JSONFailure>) {
    self.customID = customID ?? Self.contentID(endpoint, (try? encoded.get()) ?? [])
    self.endpoint = endpoint
    self.body = encoded
  }

  private static func contentID(_ endpoint: BatchEndpoint, _ body: [UInt8]) -> String {
    String(SHA256.hexDigest(of: Array("\(endpoint)\n".utf8) + body).prefix(32))
  }

  /// The row as a line of the input file, line feed included.
  ///
  /// - Throws: ``JSONFailure`` when the name is empty, or the body has no JSON form or is not an object.
  public func line() throws(JSONFailure) -> [UInt8] {
    let body: [UInt8]
    do throws(JSONFailure) {
      body = try self.body.get()
      guard !customID.isEmpty else { throw JSONFailure("a row needs a custom_id") }
      guard body.first == UInt8(ascii: "{") else { throw JSONFailure("a row's body must be a JSON object") }
    } catch {
      throw JSONFailure(
        "row \"\(customID)\": \(error.message)", line: error.line, offset: error.offset, path: error.path)
    }
    var line: [UInt8] = []
    line.reserveCapacity(body.count + customID.utf8.count + endpoint.rawValue.utf8.count + 64)
    line += #"{"custom_id":"#.utf8
    line += JSONText.literal(customID)
    line += #","method":"POST","url":"#.utf8
    line += JSONText.literal(endpoint.rawValue)
    line += #","body":"#.utf8
    line += body
    line += [UInt8(ascii: "}"), 0x0A]
    return line
  }
}
