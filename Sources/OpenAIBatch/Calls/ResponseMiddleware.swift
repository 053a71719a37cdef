// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

/// Turns a status other than 2xx into a failure, and reads JSON answers whole, both inside the attempt: so the
/// retry rules see the service's error code, and a body that breaks off.
struct ResponseMiddleware: Middleware {
  let secrets: SentSecrets
  /// What the call's deadline is read by.
  let clock: PolicyClock

  /// Enough for any real error.
  private static let maximumErrorLength = 64 << 10
  /// What a failure keeps of a body.
  private static let keptLength = 4 << 10

  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    let response = try await next(request, context)
    let head = response.head
    guard head.status.kind != .successful else {
      try Self.checkEncoding(head)
      guard let limit = context.collectLimit else { return response }
      do throws(TransportFailure) {
        return TransportResponse(
          head: head, body: ResponseBody(bytes: try await response.collect(upTo: limit)))
      } catch {
        throw CallFailure(.transport(error))
      }
    }
    // A response that is read whole has the call's deadline as its total timeout.
    let deadline = context.collectLimit == nil ? context.deadline : nil
    let text = String(
      decoding: await beginning(of: response.takeBody(), before: deadline), as: UTF8.self)
    let body = Array(secrets.redacting(text).utf8)
    // JSON can spell a secret in other ways: with `\/` for a slash, for example.
    let found = APIError(body: body)
    let error = found.map(secrets.redacting)
    throw CallFailure(
      .status(
        StatusFailure(
          head: secrets.redacting(head),
          body: body.count > Self.keptLength || error != found ? Self.written(error) ?? body : body,
          code: error?.code?.rawValue,
          isBilling: error?.isBilling == true)))
  }

  /// Rows that were read as what they are not would all count as missing.
  private static func checkEncoding(_ head: HTTPResponse) throws(CallFailure) {
    guard let encoding = head.headerFields[.contentEncoding], encoding.lowercased() != "identity" else {
      return
    }
    throw CallFailure(
      .transport(
        TransportFailure(
          .malformed,
          "The server encoded the response (\(encoding.prefix(40))), although the request asked for none.")))
  }

  /// A body that breaks off, or takes longer than the call may, is as good as one that ended there, because the
  /// status says what matters.
  private func beginning(
    of body: consuming ResponseBody, before deadline: ContinuousClock.Instant?
  ) async -> [UInt8] {
    let reader = body.makeReader()
    guard let deadline else { return await Self.beginning(of: reader) }
    return await clock.run(within: clock.now().duration(to: deadline)) { await Self.beginning(of: reader) }
      .value
  }

  private static func beginning(of reader: ResponseBodyReader) async -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < maximumErrorLength, let chunk = try? await reader.next() { bytes += chunk }
    return bytes
  }

  /// The error written anew, with the message cut: cutting a long body would leave no JSON.
  private static func written(_ error: APIError?) -> [UInt8]? {
    guard let error else { return nil }
    let fields = [
      "message": String(error.message.prefix(500)), "type": error.type, "param": error.param,
      "code": error.code?.rawValue,
    ]
    return try? JSONText.encode(["error": fields])
  }
}
