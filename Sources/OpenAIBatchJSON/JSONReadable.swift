// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A type that reads itself from a scanned text without the containers of `Decodable`, in a fraction of their time:
/// for models that come by the page.
///
/// Its `init(from:)` is `try self.init(reading: decoder)`, so that it comes out of any decoder.
package protocol JSONReadable: Decodable {
  /// Reads a value.
  init(_ json: JSONView) throws(JSONMisfit)
}

/// A value that is JSON, but not what the reader needs.
package struct JSONMisfit: Error {
  fileprivate let message: String
  fileprivate let node: Int

  /// Says what is wrong with `value`.
  package init(_ message: String, _ value: JSONView) {
    self.message = message
    node = value.node
  }
}

extension JSONReadable {
  /// Reads one JSON text.
  ///
  /// - Throws: ``JSONFailure`` with the place where the text is not JSON, or of what did not fit, and its path.
  package init(parsing bytes: ArraySlice<UInt8>) throws(JSONFailure) {
    let json = try JSONValue(parsing: bytes)
    do throws(JSONMisfit) {
      self = try json.read { view throws(JSONMisfit) in try Self(view) }
    } catch {
      let place = JSONValue(json.document, error.node)
      throw json.document.failure(
        error.message, at: place.range.lowerBound, path: JSONText.path(json.path(to: error.node)))
    }
  }

  /// Reads the value of a decoder.
  package init(reading decoder: any Decoder) throws {
    let json = try JSONValue(from: decoder)
    do throws(JSONMisfit) {
      self = try json.read { view throws(JSONMisfit) in try Self(view) }
    } catch {
      let path = decoder.codingPath + json.path(to: error.node)
      throw DecodingError.dataCorrupted(.init(codingPath: path, debugDescription: error.message))
    }
  }
}
