// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

/// Turns a status other than 2xx into a failure, and reads JSON answers whole, both inside the attempt: so the
/// retry rules see the service's error code, and a body that breaks off.
struct ResponseMiddleware: Middleware {
  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    let response = try await next(request, context)
    let head = response.head
    guard head.status.kind != .successful else {
      guard let limit = context.collectLimit else { return response }
      do throws(TransportFailure) {
        return TransportResponse(
          head: head, body: ResponseBody(bytes: try await response.collect(upTo: limit)))
      } catch {
        throw CallFailure(.transport(error))
      }
    }
    let body = await Self.beginning(of: response.takeBody())
    let error = APIError(body: body)
    throw CallFailure(
      .status(
        StatusFailure(
          head: head, body: body, code: error?.code?.rawValue, isBilling: error?.code?.isBilling == true)))
  }

  /// At most 64 KiB of an error's body: enough for any real one. A body that breaks off is as good as one that
  /// ended there, because the status says what matters.
  private static func beginning(of body: consuming ResponseBody) async -> [UInt8] {
    let reader = body.makeReader()
    var bytes: [UInt8] = []
    while bytes.count < 64 << 10, let chunk = try? await reader.next() { bytes += chunk }
    return bytes
  }
}
