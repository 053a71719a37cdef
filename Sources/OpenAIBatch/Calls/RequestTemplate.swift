// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// What the requests of a client have in common, made and checked once.
struct RequestTemplate: Sendable {
  /// The query items of the base URL and of the configuration: their values may be secret.
  let ownQuery: [(name: String, value: String)]
  private let base: BaseURL
  private let configuredQuery: [(name: String, value: String)]
  /// For answers in JSON, and for content of any type.
  private let (jsonFields, contentFields): (HTTPFields, HTTPFields)

  /// - Throws: Kind `invalidConfiguration`, for an unusable base URL, and for a header that the client sets.
  init(_ configuration: BatchClient.Configuration) throws(BatchClientError) {
    base = try BaseURL(configuration.baseURL, allowInsecureHTTP: configuration.allowInsecureHTTP)
    configuredQuery = configuration.queryItems
    ownQuery = base.queryItems + configuredQuery
    jsonFields = try Self.fields(accept: "application/json", configuration)
    contentFields = try Self.fields(accept: "*/*", configuration)
  }

  private static func fields(
    accept: String, _ configuration: BatchClient.Configuration
  ) throws(BatchClientError) -> HTTPFields {
    var fields: HTTPFields = [.accept: accept, .userAgent: userAgent]
    if let organization = configuration.organization { fields[.organization] = organization }
    if let project = configuration.project { fields[.project] = project }
    try fields.replace(configuration.headers, .invalidConfiguration, operation: "configuration")
    return fields
  }

  /// The head of an operation's request, without the credential.
  ///
  /// - Throws: Kind `invalidRequest` for a header that the client sets, and for a path that leaves the base URL.
  func head<Output>(
    for operation: BatchOperation<Output>, _ options: CallOptions
  ) throws(BatchClientError) -> HTTPRequest {
    var head = base.head(
      operation.method, path: operation.path, query: operation.query + configuredQuery + options.queryItems)
    guard base.contains(head) else {
      throw BatchClientError(
        .invalidRequest, operation: operation.name, "The request would leave the base URL; it was not sent.")
    }
    head.headerFields = operation.isTransfer && operation.method == .get ? contentFields : jsonFields
    if let type = operation.contentType { head.headerFields[.contentType] = type }
    try head.headerFields.replace(options.headers, .invalidRequest, operation: operation.name)
    return head
  }

  private static let userAgent = "swift-openai-batch/0.1.0"
}

extension HTTPFields {
  /// What frames the request, says where it goes, or would change the form of the answer.
  private static let framing: Set<HTTPField.Name> = [
    .contentLength, .contentType, .contentEncoding, .transferEncoding, .connection, .expect, .upgrade, .te,
    .trailer, .acceptEncoding, .host,
  ]

  /// Sets the caller's own fields in place of those with their names.
  fileprivate mutating func replace(
    _ fields: HTTPFields, _ kind: BatchClientError.Kind, operation: String
  ) throws(BatchClientError) {
    for field in fields {
      guard !Self.framing.contains(field.name) else {
        throw BatchClientError(
          kind, operation: operation, "The header \(field.name) is set by the client and cannot be replaced.")
      }
      self[field.name] = nil
    }
    for field in fields { append(field) }
  }
}

extension HTTPField.Name {
  static let organization = HTTPField.Name("OpenAI-Organization") ?? .from
  static let project = HTTPField.Name("OpenAI-Project") ?? .from
  fileprivate static let host = HTTPField.Name("Host") ?? .from
}
