// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes

/// Where a request goes: its operation, the id in its path and its query.
struct Route: Sendable, Hashable {
  let operation: BatchSimulator.Operation
  /// The id in the path; empty for an operation that has none.
  let id: String
  let query: [String: String]

  init(_ head: HTTPRequest) throws(ServiceError) {
    let target = head.path ?? "/"
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts[0]
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    let names = segments.compactMap(PercentEncoding.decode)
    guard names.count == segments.count, let methods = Self.methods(for: names) else {
      throw .unknownURL(head.method.rawValue, String(path))
    }
    guard let operation = methods[head.method] else {
      let allowed = methods.keys.map(\.rawValue).sorted().joined(separator: ", ")
      throw .wrongMethod(head.method.rawValue, String(path), allowed: allowed)
    }
    self.operation = operation
    id = names.count > 2 ? names[2] : ""
    query = Self.query(parts.dropFirst().first ?? "")
  }

  private static func methods(for names: [String]) -> [HTTPRequest.Method: BatchSimulator.Operation]? {
    guard names.count >= 2, names[0] == "v1", names.count < 3 || !names[2].isEmpty else { return nil }
    switch (names[1], names.count, names.last) {
    case ("batches", 2, _): return [.get: .listBatches, .post: .createBatch]
    case ("batches", 3, _): return [.get: .retrieveBatch]
    case ("batches", 4, "cancel"): return [.post: .cancelBatch]
    case ("files", 2, _): return [.get: .listFiles, .post: .uploadFile]
    case ("files", 3, _): return [.get: .retrieveFile, .delete: .deleteFile]
    case ("files", 4, "content"): return [.get: .fileContent]
    case ("uploads", 2, _): return [.post: .createUpload]
    case ("uploads", 4, "parts"): return [.post: .addUploadPart]
    case ("uploads", 4, "complete"): return [.post: .completeUpload]
    case ("uploads", 4, "cancel"): return [.post: .cancelUpload]
    default: return nil
    }
  }

  /// The last of several values of a name counts; a value that cannot be decoded stays as it is.
  private static func query(_ text: Substring) -> [String: String] {
    var query: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { side in
        let spaced = side.split(separator: "+", omittingEmptySubsequences: false).joined(separator: " ")
        return PercentEncoding.decode(spaced[...]) ?? spaced
      }
      query[sides[0]] = sides.count > 1 ? sides[1] : ""
    }
    return query
  }
}

extension Route {
  /// An integer of the query; `fallback` when it is not given.
  func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws(ServiceError) -> Int
  {
    guard let text = query[name] else { return fallback }
    guard let value = Int(text) else { throw .invalidType(name, expected: "an integer") }
    guard range.contains(value) else { throw .outOfRange(name, value, range) }
    return value
  }
}
