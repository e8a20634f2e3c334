# frozen_string_literal: true

# What pages and routes need to know about the person in front of them.
module VisitorHelpers
  # Text safe inside HTML.
  def h(text)
    Rack::Utils.escape_html(text.to_s)
  end

  def store
    settings.store
  end

  def signed_in?
    !session['user'].nil?
  end

  # Leaves a message for the next page this visitor sees.
  def flash(message)
    session['flash'] = message
  end

  # The waiting message, once.
  def take_flash
    session.delete('flash')
  end

  # The secret that forms of signed-in (or signing-in) people carry. It lives
  # in the session, so the page with the form must bring the session cookie.
  def form_token
    session['token'] ||= SecureRandom.hex(16)
  end

  def require_token
    given = params['authenticity_token'].to_s
    known = session['token'].to_s
    return if !known.empty? && Rack::Utils.secure_compare(given, known)

    halt 403, { 'Content-Type' => 'text/plain' }, "The form is out of date. Open it again.\n"
  end

  def require_user
    return if signed_in?

    flash 'Please sign in first.'
    redirect to('/login'), 303
  end

  # The body exactly as it came.
  def raw_body
    request.body.rewind
    bytes = request.body.read.to_s.b
    request.body.rewind
    bytes
  end

  def json(value)
    content_type :json
    JSON.generate(value)
  end
end
