"""What exams and labs decide: pure functions on frozen values, a module a subject."""
