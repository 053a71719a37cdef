// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import COpenAIBatchCurl
internal import OpenAIBatchTransport

extension EasyHandle {
  /// Sets all options for one transfer; `false` when memory is out.
  ///
  /// A spare handle has those already that are the same for all GETs: it is never reset, and never serves anything
  /// else.
  func configure(for live: LiveTransfer, settings: EngineSettings) -> Bool {
    let transfer = live.transfer
    let request = transfer.request
    // A failure would leave the URL of the call before.
    guard set(CURLOPT_URL, text: request.url), setHeaders(request.headerLines, count: request.headerCount)
    else {
      return false
    }
    set(CURLOPT_CONNECTTIMEOUT_MS, transfer.timeouts.connect.wholeMilliseconds)
    if getsSecurely != nil { return true }
    setProtocol(usesHTTP2: settings.usesHTTP2)
    setConnection(receiveBuffer: request.expectsLongResponse ? 128 << 10 : 32 << 10)
    guard restrictToHTTP(), setMethod(request),
      setRoute(request.isSecure ? settings.secureRoute : settings.plainRoute, settings),
      !request.isSecure || setTrust(settings)
    else { return false }
    if live.needsFreshConnection {
      set(CURLOPT_FRESH_CONNECT, 1)
    } else if request.isPlainGet {
      getsSecurely = request.isSecure
    }
    return true
  }

  private func setProtocol(usesHTTP2: Bool) {
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_NOPROGRESS, 1)
    set(CURLOPT_HTTP_VERSION, Int(usesHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1))
    // A request waits for the connection that is being made, in case it can share it.
    if usesHTTP2 { set(CURLOPT_PIPEWAIT, 1) }
    set(CURLOPT_HTTP09_ALLOWED, 0)
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_HTTPAUTH, 0)
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
    // "/a/../b" goes out as it is: normalised, it would reach another endpoint than the caller checked.
    set(CURLOPT_PATH_AS_IS, 1)
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
  }

  private func setMethod(_ request: PreparedRequest) -> Bool {
    switch request.shape {
    case .plain: break
    case .head: set(CURLOPT_NOBODY, 1)
    case .upload(let length):
      // Never POSTFIELDS, and no seek function: libcurl cannot rewind such a body, so it cannot send a request
      // a second time when a kept connection dies after the first.
      set(CURLOPT_POST, 1)
      set(CURLOPT_POSTFIELDSIZE_LARGE, size: length ?? -1)
      readBodyFromOwner()
      // An early answer is looked for before each buffer is filled, and over TLS lost where the server has closed.
      let longest: Int64 = request.isSecure ? 16 << 10 : 512 << 10
      set(CURLOPT_UPLOAD_BUFFERSIZE, Int(min(max(length ?? .max, 16 << 10), longest)))
    }
    return request.customMethod.map { set(CURLOPT_CUSTOMREQUEST, text: $0) } ?? true
  }

  private func setConnection(receiveBuffer: Int) {
    leaveResolverBehind()
    // The longer, the fewer turns of the loop for a long response; for a short one glibc pays: a free of 64 KiB tidies
    // its whole heap.
    set(CURLOPT_BUFFERSIZE, receiveBuffer)
    set(CURLOPT_TCP_KEEPALIVE, 1)
    set(CURLOPT_TCP_KEEPIDLE, 30)
    set(CURLOPT_TCP_KEEPINTVL, 15)
    set(CURLOPT_MAXAGE_CONN, 30)
    setMaximumConnectionLifetime(seconds: 300)
  }

  /// Both are always set: libcurl would else read the process's environment.
  private func setRoute(_ route: TransportProxy.Route, _ settings: EngineSettings) -> Bool {
    guard set(CURLOPT_PROXY, route.url), set(CURLOPT_NOPROXY, route.exceptions) else { return false }
    guard route.url.lowercased().hasPrefix("https:") else { return true }
    // A proxy over TLS is trusted as the service is.
    set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    guard let file = settings.caFile else { return true }
    _ = set(CURLOPT_PROXY_CAPATH, nil)
    return set(CURLOPT_PROXY_CAINFO, file)
  }

  /// `false` when something that the trust depends on cannot be set.
  private func setTrust(_ settings: EngineSettings) -> Bool {
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if let file = settings.caFile, !set(CURLOPT_CAINFO, file) { return false }
    // With a CA path libcurl parses the bundle again for each connection: 34 ms of this thread.
    // Where it is not known it is not in use, either.
    if settings.caFile != nil || CurlLibrary.defaultCABundle != nil { _ = set(CURLOPT_CAPATH, nil) }
    if let identity = settings.identity {
      guard set(CURLOPT_SSLCERT, identity.certificateFile), set(CURLOPT_SSLKEY, identity.keyFile) else {
        return false
      }
      // Without any password OpenSSL asks for one on the terminal, on this thread. With one, GnuTLS takes encrypted keys
      // only.
      let password = identity.password ?? (CurlLibrary.usesGnuTLS ? nil : "")
      if let password, !set(CURLOPT_KEYPASSWD, password) { return false }
    }
    return settings.pinnedKeys.map { set(CURLOPT_PINNEDPUBLICKEY, $0) } ?? true
  }
}

extension Duration {
  /// At least one, because libcurl takes zero for its default.
  fileprivate var wholeMilliseconds: Int {
    let (seconds, attoseconds) = min(max(self, .milliseconds(1)), .seconds(2_000_000)).components
    return max(1, Int(seconds * 1_000 + attoseconds / 1_000_000_000_000_000))
  }
}
