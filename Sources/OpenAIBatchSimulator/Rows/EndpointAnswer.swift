// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels

/// A successful response's body, made from the request.
struct EndpointAnswer: Sendable {
  let body: JSONNode
  let usage: RowUsage

  /// What an answer is made of.
  struct Source {
    let endpoint: BatchEndpoint
    /// The members of the request's body.
    let request: [String: JSONValue]
    /// What is said instead of the echo.
    let text: String?
    /// Seconds since 1970.
    let createdAt: Int
    let id: String

    var model: JSONNode { request["model"].map { .text(Array($0.bytes)) } ?? .null }
  }

  /// Answers in the shape of the endpoint.
  ///
  /// - Throws: ``ServiceError`` for a request that the endpoint would refuse.
  static func make(_ source: Source) throws(ServiceError) -> EndpointAnswer {
    switch source.endpoint {
    case .chatCompletions: try chatCompletion(source)
    case .responses: response(source)
    case .completions: try completion(source)
    case .embeddings: try embeddings(source)
    case .moderations: try moderation(source)
    case .imageGenerations, .imageEdits: image(source)
    default: throw .unknownURL("POST", source.endpoint.rawValue)
    }
  }

  /// A body that was given whole.
  static func given(_ json: String) -> Result<EndpointAnswer, ServiceError> {
    guard let value = try? JSONValue(parsing: Array(json.utf8)) else {
      return .failure(.server("the answer that was configured is not JSON"))
    }
    let usage = value["usage"]
    func count(_ keys: String...) -> Int { keys.lazy.compactMap { usage?[$0]?.int }.first ?? 0 }
    return .success(
      EndpointAnswer(
        body: .text(value.bytesWithoutLineBreaks),
        usage: RowUsage(
          input: count("input_tokens", "prompt_tokens"), output: count("output_tokens", "completion_tokens")))
    )
  }

  /// Cuts `text` to a number of tokens, where one is asked for.
  static func cut(_ text: String, toTokens limit: Int?) -> (text: String, isCut: Bool) {
    guard let limit, limit >= 0, RowUsage.tokens(inBytes: text.utf8.count) > limit else {
      return (text, false)
    }
    var end = text.utf8.index(text.startIndex, offsetBy: limit * 4, limitedBy: text.endIndex) ?? text.endIndex
    while end > text.startIndex, end.samePosition(in: text) == nil { end = text.utf8.index(before: end) }
    return (String(text[..<end]), true)
  }
}
